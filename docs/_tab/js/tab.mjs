/* What a page does once somebody has pressed Run; run.js, which every page loads, brings it. */
/* global kept, keptForNow */
import { keepSite } from "./offline.mjs";
import { Store } from "./store.mjs";

const folder = new URL("./", import.meta.url).href;
const root = new URL("../../", folder).pathname;
const site = `oslearn ${root}`;

const REBUILT = "This site was built again after the page was opened: reload the page.";
const GONE = "Your cloud is no longer in this browser: another tab removed it, or the site's data was deleted. This page works in the lesson's cloud now.";

export class Stopped extends Error {}

/* The worker, and the answers that it owes. */
class Python {
  constructor(now, say) {
    const address = new URL("worker.mjs", folder);
    address.search = new URLSearchParams({ memory: now.memory, site });
    this.waiting = new Map();
    this.count = 0;
    this.worker = new Worker(address, { type: "module", name: "oslearn" });
    this.worker.onmessage = ({ data }) => {
      if (this.ended) return; // it was on its way
      if (data.state) return say(data);
      const asked = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("error" in data) asked.reject(Object.assign(new Error(data.error), { broken: data.broken, gone: data.gone }));
      else asked.resolve(data);
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.end(new Error(event.message || "a file of the site's _tab folder cannot be loaded"));
    };
  }

  ask(call, ...args) {
    return new Promise((resolve, reject) => {
      this.waiting.set(++this.count, { resolve, reject });
      this.worker.postMessage({ id: this.count, call, args });
    });
  }

  end(error) {
    this.ended = true;
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

/* What is kept of a cloud while its page is open: the files that commands changed, and what is in no file. */
class Kept {
  constructor() {
    this.files = new Map();
    this.gone = new Set();
    this.rest = null;
  }

  add({ files, gone, rest }) {
    for (const [name, file] of files) this.files.set(name, file), this.gone.delete(name);
    for (const name of gone) this.files.delete(name), this.gone.add(name);
    this.rest = rest;
  }
}

/* Which cloud the reader chose; where a browser keeps nothing, it is chosen for one page. */
const remembered = () => kept.read("mine") === "1";
const remember = (mine) => kept.write("mine", mine ? "1" : "");

/* So the next page of this session starts its Python while the reader reads: run.js asks. */
const used = () => keptForNow.write("used", "1");

/* The page's cloud. `ask` does one call after the other; whoever watches hears "state", with `tab.state`:
   "off", "load" (with `tab.part` of 1), "restore", "open", "busy", "ready"; and "lost" when a Python ends with its names.
   `tab.mine` says that it is the reader's own: `keep()` makes it of the page's cloud, `bring(bytes)` of a file, and
   `choose(mine)` goes over to it, or back to the lesson's; "cloud" is heard when it is another one, with the
   detail "other" if it has not seen what ran before. `take()` is a file. An error that is `gone` says that the reader's own
   cloud was no more there, and that the page went over to the lesson's.
   `own()` is what the browser has: {version, saved}, or nothing; `remove()` ends that. `tab.isStored` is false where a
   browser keeps nothing: then the reader's own cloud ends with the page. */
export class Tab extends EventTarget {
  constructor(now, lab) {
    super();
    this.now = now;
    this.lab = lab;
    this.mine = remembered();
    this.isStored = true;
    this.line = Promise.resolve(); // one after the other
    this.is("off");
    addEventListener("pagehide", () => this.stop());
  }

  is(state, part = 0) {
    this.state = state;
    this.part = part;
    this.dispatchEvent(new Event("state"));
  }

  /* The answer of a call of page.py; the cloud opens if it is not. Rejects with Stopped, or with words for the reader. */
  ask(call, ...args) {
    return this.next(async () => {
      await this.opened();
      return this.asked(call, ...args);
    });
  }

  /* Open before somebody asks. What fails now is said to who asks. */
  start() { return this.next(() => this.opened()).catch(() => {}); }

  next(work) {
    this.line = this.line.catch(() => {}).then(work);
    return this.line;
  }

  async asked(call, ...args) {
    this.is("busy");
    const python = this.python;
    try {
      const { result, changes } = await python.ask(call, ...args);
      if (changes) this.kept.add(changes);
      if (!this.isWhole) {
        this.isWhole = true;
        keepSite();
      }
      return result;
    } catch (error) {
      if (error.broken && this.python === python) this.forget(); // the next call starts another
      if (error.gone) await this.goesBack();
      throw error;
    } finally {
      if (this.python === python && !python.ended) this.is("ready");
      else if (this.python === python) this.forget(); // it died
    }
  }

  /* An error that somebody `forgives` keeps the cloud closed, and leaves a Python that has none. */
  async opened(forgives = () => false) {
    if (this.python?.ended) this.forget(); // it died while nobody asked
    if (this.isOpen) return;
    const python = this.python = new Python(this.now, ({ state, part }) => this.is(state, part));
    this.is("load");
    this.kept ??= new Kept();
    try {
      await python.ask("begin", { lab: this.lab, mine: this.mine, kept: this.kept.rest && this.kept });
    } catch (error) {
      if (forgives(error) && !python.ended) return;
      if (this.python === python) this.forget();
      if (error.gone) await this.goesBack();
      throw await this.why(error);
    }
    this.isOpen = true;
    used();
    this.is("open");
  }

  /* The reader's own cloud is no more here: the page has the lesson's. */
  async goesBack() {
    await this.begins(false);
    throw Object.assign(new Error(GONE), { gone: true });
  }

  /* Of what failed, that the site is another one by now, if it is. */
  async why(error) {
    if (error instanceof Stopped) return error;
    const answer = await fetch(new URL("../now.json", folder), { cache: "no-cache" }).catch(() => null);
    const now = answer?.ok ? await answer.json().catch(() => null) : null;
    return now && (now.folder !== this.now.folder || now.memory !== this.now.memory) ? new Error(REBUILT) : error;
  }

  /* A new cloud, as the lesson expects it. The reader's own cloud stays as it is. */
  reset() {
    return this.next(() => this.mine || this.begins(false));
  }

  /* Where that fails, the page has the cloud that it had, in a Python that has seen nothing of the other. */
  async begins(mine) {
    if (this.isOpen) {
      const { python } = this;
      try {
        await python.ask("begin", { lab: this.lab, mine });
      } catch (error) {
        if (this.python === python) this.forget();
        throw await this.why(error);
      }
    }
    this.kept = new Kept();
    this.mine = mine;
    remember(mine);
    this.dispatchEvent(new CustomEvent("cloud", { detail: "other" }));
  }

  choose(mine) {
    return this.next(async () => {
      if (mine !== this.mine) await this.begins(mine);
    });
  }

  /* The page's cloud, with all that was done in it, becomes the reader's own, in the place of the one before. */
  keep() { return this.becomes("keep"); }

  /* Also where the one before does not open. */
  bring(bytes) { return this.becomes("bring", bytes); }

  becomes(call, ...args) {
    return this.next(async () => {
      await this.opened(() => call === "bring");
      this.is("busy");
      try {
        const { result, changes } = await this.python.ask(call, ...args);
        this.kept = new Kept();
        if (changes) this.kept.add(changes);
        this.isStored = result.stored;
        this.isOpen = this.mine = true;
        remember(this.isStored);
        this.dispatchEvent(new Event("cloud"));
        return result;
      } catch (error) {
        if (error.broken || !this.isOpen) this.forget();
        throw error;
      } finally {
        if (this.isOpen) this.is("ready");
      }
    });
  }

  /* The page's cloud as the bytes of a file; also one of the reader's own that does not open. */
  take() {
    return this.next(async () => {
      await this.opened((error) => this.mine && !error.gone);
      try {
        return (await this.python.ask("take")).result;
      } finally {
        if (!this.isOpen) this.forget();
      }
    });
  }

  own() {
    return Store.once(site, (store) => store.about());
  }

  /* Another page may be at work in it: what that keeps would else come back, and without the rest. */
  remove() {
    return this.next(async () => {
      await Store.once(site, (store) => store.held(() => store.remove()));
      if (this.mine) await this.begins(false);
    });
  }

  /* What runs cannot be interrupted: its Python ends. The next call finds the cloud as the last one that ended left it. */
  stop() {
    this.python?.end(new Stopped("Stopped. The cloud is as it was before."));
    this.forget();
  }

  forget() {
    this.python?.end(new Error("this Python has ended"));
    this.python = undefined;
    this.isOpen = this.isWhole = false;
    this.is("off");
    this.dispatchEvent(new Event("lost"));
  }
}
