/* One Python with one cloud, beside the page, which so stays at work; Stop is worker.terminate().
   In: {id, call, args}: a method of Calls, or a call of page.py.
   Out: {id, result, changes} or {id, error}; changes is what the call made other, for the page to keep before it shows
   the answer; of a cloud that is kept here there are none.
   While it starts: {state, part}. */
import { Cloud } from "./python.mjs";
import { Store } from "./store.mjs";

const { searchParams } = new URL(import.meta.url);
const { memory, labs, size, site } = JSON.parse(searchParams.get("now"));
const folder = new URL(`../${memory}/`, import.meta.url).href;
const OWN = new Set(["begin", "late", "keep", "bring", "take"]);

let got = 0, all = 0;
const say = (state) => postMessage({ state, part: all ? got / all : 0 });

/* A file of the folder; one that is packed is unpacked as it comes. What is missing says its name. */
async function read(name) {
  const answer = await fetch(folder + name).catch(() => null);
  if (!answer?.ok) throw new Error(`${name} cannot be loaded${answer ? ` (${answer.status})` : ""}`);
  if (!name.endsWith(".gz")) return new Uint8Array(await answer.arrayBuffer());
  all = Number(answer.headers.get("content-length")) || 0;
  const counted = new TransformStream({
    transform(chunk, out) {
      got += chunk.length;
      say("load");
      out.enqueue(chunk);
    },
  });
  // A host may send a file that ends in .gz as what is packed in it.
  const packed = answer.headers.get("content-encoding") !== "gzip";
  const stream = answer.body.pipeThrough(counted);
  const plain = packed ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
  return whole(plain, size);
}

/* The stream's bytes, in one array of that size. */
async function whole(stream, size) {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const reader = stream.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.set(value, at);
    at += value.length;
  }
  if (at !== size) throw new Error(`memory.bin.gz has ${at} bytes and not ${size}`);
  return bytes;
}

/* What the page asks for. Each that may change the cloud says what became other; a cloud of the reader's own is kept here,
   before the answer goes out, and one page at a time works on it. */
class Calls {
  constructor(cloud, store) {
    this.cloud = cloud;
    this.store = store;
    this.mine = false;
    this.version = undefined;
  }

  /* As the lab finds it; with `mine` the reader's own, which is in the store, or, where a browser has none, in `kept`. */
  async begin({ lab, mine, kept }) {
    this.lab = lab;
    this.mine = mine;
    if (!mine || !this.store) return this.cloud.begin({ lab, mine, kept });
    return this.store.held(() => this.loaded());
  }

  async loaded() {
    const kept = await this.store.load();
    if (!kept) throw new Error("This browser has no cloud of yours: keep one first.");
    this.version = kept.version;
    await this.cloud.begin({ lab: this.lab, mine: true, kept });
    await this.saved(this.cloud.changes());
  }

  /* After a failure the cloud is loaded again, as it was kept. */
  async saved(changes) {
    const rest = JSON.stringify(changes.rest);
    if (!changes.files.size && !changes.gone.length && rest === this.rest) return;
    try {
      this.version = await this.store.save(changes);
      this.rest = rest;
    } catch (error) {
      this.version = null;
      throw error;
    }
  }

  call(name, ...args) {
    if (!this.mine || !this.store) return { result: this.cloud.call(name, ...args), changes: this.cloud.changes() };
    return this.store.held(async () => {
      if (this.version !== await this.store.version()) await this.loaded();
      const result = this.cloud.call(name, ...args);
      await this.saved(this.cloud.changes());
      return { result };
    });
  }

  /* The page's cloud becomes the reader's own. Where nothing is kept it says so: it ends with the page. */
  async keep() {
    return this.own(this.cloud.everything());
  }

  async bring(bytes) {
    this.cloud.unpacked(bytes);
    try {
      return await this.own(this.cloud.everything());
    } catch (error) { // what lies here is not what the page has
      throw Object.assign(error, { broken: true });
    }
  }

  async own(kept) {
    if (this.store) {
      await this.store.held(() => this.store.replace(kept));
      await this.begin({ lab: this.lab, mine: true });
      return { result: { stored: true } };
    }
    await this.begin({ lab: this.lab, mine: true, kept });
    return { result: { stored: false }, changes: this.cloud.everything() };
  }

  /* A file of the page's cloud. */
  take() {
    return { result: this.cloud.packed() };
  }

  late() {
    return this.cloud.late();
  }
}

const started = Promise.all([Cloud.start(folder, read, labs, say), Store.opened(site)])
  .then(([cloud, store]) => new Calls(cloud, store));
started.catch(() => {}); // who calls is told

let line = started; // a call that waits for a lock lets none pass by
onmessage = ({ data: { id, call, args } }) => {
  line = line.catch(() => {}).then(async () => {
    try {
      const calls = await started;
      const done = OWN.has(call) ? await calls[call](...args) : await calls.call(call, ...args);
      const { result, changes } = done ?? {};
      const moved = [...changes?.files.values() ?? []].map(({ bytes }) => bytes.buffer);
      postMessage({ id, result, changes }, moved);
    } catch (error) {
      postMessage({ id, error: said(error), broken: error.broken });
    }
  });
};

/* Of a traceback the last line, which says what is wrong. */
function said(error) {
  const lines = String(error.message ?? error).trim().split("\n");
  return lines.at(-1).replace(/^\w+(\.\w+)*(Error|Exception): /, "");
}
