/* The reader's own cloud in this browser: the files of its folder and of the reader's, in IndexedDB.
   Interface: `Store.opened(name)`, null where a browser keeps nothing, and `Store.once(name, work)`; `held(work)`, one page
   at a time; `about()` is {version, rest, saved}, or nothing, and `version()` is another one after each `save(changes)`; `load()`; `replace(whole)`; `remove()`.
   A save is one transaction: all of it is there, or nothing. */
const CLOUD = "cloud", FILES = "files", WHOLE = "whole";

export class NoRoom extends Error {}

const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export class Store {
  constructor(database, name) {
    this.database = database;
    this.name = name;
    database.onversionchange = () => database.close(); // another page removes it
  }

  /* `name` tells this site from others of its host. */
  static async opened(name) {
    try {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => [CLOUD, FILES].forEach((one) => request.result.createObjectStore(one));
      return new Store(await settled(request), name);
    } catch {
      return null;
    }
  }

  /* Do one thing with it and leave it; nothing comes of it where a browser keeps nothing. */
  static async once(name, work) {
    const store = await Store.opened(name);
    try {
      return store && await work(store);
    } finally {
      store?.database.close();
    }
  }

  /* Do the work while no other page has the cloud; without Web Locks there is nobody who would wait. */
  held(work) {
    return navigator.locks ? navigator.locks.request(this.name, work) : work();
  }

  /* What is done in one transaction, which is through when this is. */
  async transaction(mode, work) {
    const transaction = this.database.transaction([CLOUD, FILES], mode);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error?.name === "QuotaExceededError"
        ? new NoRoom("This browser has no more room: what you did last is not kept, and your cloud is as it was before. Delete something in it, or free room in the browser.")
        : transaction.error ?? new Error("the browser did not keep your cloud"));
    });
    done.catch(() => {}); // who waits for the work is told, too
    let result;
    try {
      result = await work(transaction.objectStore(CLOUD), transaction.objectStore(FILES));
    } catch (error) {
      await done.catch((why) => { if (why instanceof NoRoom) throw why; }); // that says more than what failed after it
      throw error;
    }
    await done;
    return result;
  }

  about() {
    return this.transaction("readonly", (cloud) => settled(cloud.get(WHOLE)));
  }

  /* Nothing if there is no cloud. */
  async version() {
    return (await this.about())?.version;
  }

  /* {version, rest, saved, files}, or null. */
  load() {
    return this.transaction("readonly", async (cloud, files) => {
      const [about, names, found] = await Promise.all([cloud.get(WHOLE), files.getAllKeys(), files.getAll()].map(settled));
      return about ? { ...about, files: new Map(names.map((name, at) => [name, found[at]])) } : null;
    });
  }

  save(changes) {
    return this.write(changes, false);
  }

  /* Another cloud in its place. */
  replace(changes) {
    return this.write(changes, true);
  }

  write({ files: changed, gone, rest }, whole) {
    return this.transaction("readwrite", (cloud, files) => {
      if (whole) files.clear();
      for (const name of gone) files.delete(name);
      for (const [name, file] of changed) files.put(file, name);
      const version = `${Date.now()} ${Math.random()}`; // also after a cloud was removed it is another one
      cloud.put({ version, rest, saved: Date.now() }, WHOLE);
      return version;
    });
  }

  remove() {
    return this.transaction("readwrite", (cloud, files) => {
      files.clear();
      cloud.delete(WHOLE);
    });
  }
}
