/* The reader's own cloud in this browser: the files of its folder and of the reader's, in IndexedDB.
   Interface: `Store.opened(name)`, null where a browser keeps nothing, and `Store.once(name, work)`; `held(work)`, one page
   at a time; `about()` is {version, rest, saved}, or nothing, and `version()` is another one after each `save(changes, version)`,
   which another page's save in between refuses; `load()`; `replace(whole)`; `remove()`.
   A save is one transaction: all of it is there, or nothing. A browser may close the database while a page is open, as it does
   when somebody deletes the site's data: the next call opens it again. */
const CLOUD = "cloud", FILES = "files", WHOLE = "whole";
const AS_BEFORE = "what you did last is not kept, and your cloud is as it was before";

/* What the words of these say is for the reader. */
export class StoreError extends Error {}
export class NoRoom extends StoreError {}

/* What kept.py calls the rest, which is in no file. */
const isRest = (rest) => rest?.variables?.constructor === Object && typeof rest.directory === "string"
  && typeof rest.aside === "boolean" && Number.isInteger(rest.hours);
const isFile = (file) => file?.bytes instanceof Uint8Array && Number.isInteger(file.mode);

const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function opened(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => [CLOUD, FILES].forEach((one) => request.result.createObjectStore(one));
  const database = await settled(request);
  database.onversionchange = () => database.close(); // another page removes it
  return database;
}

export class Store {
  constructor(database, name) {
    this.database = database;
    this.name = name;
  }

  /* `name` tells this site from others of its host. */
  static async opened(name) {
    try {
      return new Store(await opened(name), name);
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

  /* A transaction of a database that is open. */
  async begun(mode) {
    const begins = () => this.database.transaction([CLOUD, FILES], mode);
    try {
      return begins();
    } catch (error) {
      if (error.name !== "InvalidStateError") throw error;
      this.database = await opened(this.name);
      return begins();
    }
  }

  /* What is done in one transaction, which is through when this is. */
  async transaction(mode, work) {
    const transaction = await this.begun(mode).catch(() => { throw new StoreError("This browser lets nothing be kept now: reload the page."); });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error?.name === "QuotaExceededError"
        ? new NoRoom(`This browser has no more room: ${AS_BEFORE}. Delete something in it, or free room in the browser.`)
        : new StoreError(`This browser broke off: ${AS_BEFORE}.`));
    });
    done.catch(() => {}); // who waits for the work is told, too
    let result;
    try {
      result = await work(transaction.objectStore(CLOUD), transaction.objectStore(FILES));
    } catch (error) {
      try { transaction.abort(); } catch { /* it is through */ }
      await done.catch((why) => { throw why instanceof NoRoom || !(error instanceof StoreError) ? why : error; }); // that says more
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

  /* {version, rest, saved, files}, or null. Only what was written here is taken. */
  async load() {
    const [about, names, found] = await this.transaction("readonly", (cloud, files) =>
      Promise.all([cloud.get(WHOLE), files.getAllKeys(), files.getAll()].map(settled)));
    if (!about) return null;
    if (!isRest(about.rest) || !found.every(isFile)) throw new StoreError("What this browser keeps of your cloud is broken, and does not open: start afresh, or import a file.");
    return { ...about, files: new Map(names.map((name, at) => [name, found[at]])) };
  }

  /* In the place of `version`. A page that waits for no lock may come between. */
  save(changes, version) {
    return this.write(changes, async (cloud) => {
      const { version: there } = await settled(cloud.get(WHOLE)) ?? {};
      if (there !== version) throw new StoreError(`Another page kept your cloud meanwhile: ${AS_BEFORE}.`);
    });
  }

  /* Another cloud in its place. */
  replace(changes) {
    return this.write(changes, (_, files) => { files.clear(); });
  }

  write({ files: changed, gone, rest }, before) {
    return this.transaction("readwrite", async (cloud, files) => {
      await before(cloud, files);
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
