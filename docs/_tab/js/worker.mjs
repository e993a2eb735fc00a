/* One Python with one cloud, beside the page, which so stays at work; Stop is worker.terminate().
   In: {id, call, args}: a method of Calls, or a call of page.py.
   Out: {id, result, changes} or {id, error}; changes is what the call made other, for the page to keep before it shows
   the answer; of a cloud that is kept here there are none.
   While it starts: {state, part}. */
import { Cloud } from "./python.mjs";
import { Store } from "./store.mjs";

const { searchParams } = new URL(import.meta.url);
const site = searchParams.get("site");
const folder = new URL(`../${searchParams.get("memory")}/`, import.meta.url).href;
const OWN = new Set(["begin", "keep", "bring", "take"]);

/* What the build says of the folder: how large its files are, their SHA-256, in which parts they are packed, which lab has
   which cloud. */
const made = asked("made").then((answer) => answer.json().catch(() => { throw new Broken("made"); }));
let got = 0, all = Infinity;
made.then(({ sizes }) => { all = Object.values(sizes).reduce((sum, size) => sum + size, 0); }, () => {});

const say = (state) => postMessage({ state, part: Math.min(1, got / all) });
const comes = (size) => {
  got += size;
  say("load");
};

const decoder = script("zstddec-stream.mjs").then(async ({ ZSTDDecoder }) => {
  const made = new ZSTDDecoder();
  await made.init();
  return made;
});
const pyodide = script("pyodide.mjs");

/* A script of the folder, which a browser loads without saying how far it is. */
async function script(name) {
  const module = await import(folder + name).catch(() => { throw new Error(`${name} cannot be loaded`); });
  comes((await made).sizes[name]);
  return module;
}

async function asked(name, cache) {
  const answer = await fetch(folder + name, { cache }).catch(() => null);
  if (!answer?.ok) throw new Error(`${name} cannot be loaded${answer ? ` (${answer.status})` : ""}`);
  return answer;
}

/* A file that has not the bytes that the build made. */
class Broken extends Error {
  constructor(name) { super(`${name} is not whole: reload the page`); }
}

/* Whether the bytes are those of the build; a browser tells it in a secure context only. */
async function check(name, bytes) {
  const { sums } = await made;
  if (!globalThis.crypto?.subtle) return;
  const sum = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0"));
  if (sum.join("") !== sums[name]) throw new Broken(name);
}

/* A file of the folder. What is missing, or broken, says its name; a browser that keeps broken bytes asks once more. */
async function read(name) {
  return brought(name, "default").catch((error) => {
    if (error instanceof Broken) return brought(name, "reload");
    throw error;
  });
}

/* One that is packed is unpacked as it comes. */
async function brought(name, cache) {
  const { sizes, packed } = await made;
  const answer = await asked(name, cache);
  if (name.endsWith(".zst")) return unpacked(name, answer.body.getReader(), packed[name], sizes[name]);
  const bytes = new Uint8Array(await answer.arrayBuffer().catch(() => { throw new Broken(name); }));
  comes(sizes[name] ?? 0);
  await check(name, bytes);
  return bytes;
}

/* Its parts are [packed, plain] bytes long. */
async function unpacked(name, reader, parts, size) {
  const bytes = new Uint8Array(parts.reduce((sum, [, plain]) => sum + plain, 0)), came = new Uint8Array(size);
  const zstd = await decoder;
  let at = 0, from = 0, to = 0, n = 0, checked;
  for (;;) {
    const { done, value } = await reader.read().catch(() => { throw new Broken(name); }); // the line broke
    if (done) break;
    if (at + value.length > size) throw new Broken(name);
    came.set(value, at);
    at += value.length;
    comes(value.length);
    if (at === size) checked = check(name, came); // while the last part is unpacked
    checked?.catch(() => {}); // it is told below
    for (; n < parts.length && at >= from + parts[n][0]; n++) {
      const [length, plain] = parts[n], part = zstd.decode(came.subarray(from, from + length), plain);
      if (part.length !== plain) throw new Broken(name);
      bytes.set(part, to);
      from += length;
      to += plain;
    }
  }
  if (n < parts.length || at !== size) throw new Broken(name);
  await checked;
  return bytes;
}

/* While Python waits: a worker may do that. Nothing if it does not come. */
function waited(address, kind) {
  const request = new XMLHttpRequest();
  request.open("GET", address, false);
  request.responseType = kind;
  try {
    request.send();
  } catch { /* no network: its status is 0 */ }
  return request;
}

/* A module's file. The page asks after a new build by itself; who imports a module in Python is told here. */
function now(name) {
  const { status, response } = waited(folder + name, "arraybuffer");
  if (status === 200) return new Uint8Array(response);
  const built = waited(new URL("../now.json", folder).href, "json");
  if (built.status === 200 && built.response?.memory !== searchParams.get("memory")) throw new Error(`${name} is gone: this site was built again after the page was opened. Reload the page.`);
  throw new Error(`${name} cannot be loaded${status ? ` (${status})` : ""}`);
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
    if (mine && this.store) await this.store.held(() => this.loaded());
    else await this.cloud.begin({ lab, mine, kept });
    this.mine = mine;
  }

  async loaded() {
    const kept = await this.store.load();
    if (!kept) throw Object.assign(new Error("This browser has no cloud of yours: keep one first."), { gone: true });
    this.version = kept.version;
    await this.cloud.begin({ lab: this.lab, mine: true, kept });
    await this.saved(this.cloud.changes());
  }

  /* After a failure the cloud is loaded again, as it was kept. */
  async saved(changes) {
    const rest = JSON.stringify(changes.rest);
    if (!changes.files.size && !changes.gone.length && rest === this.rest) return;
    try {
      this.version = await this.store.save(changes, this.version);
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
    try {
      this.cloud.unpacked(bytes, this.lab);
      return await this.own(this.cloud.everything());
    } catch (error) { // what lies here may be no more what the page has; a file that was refused changed nothing
      throw Object.assign(error, { broken: !/TransferError/.test(error.message) });
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
}

const started = made
  .then(({ labs }) => Promise.all([Cloud.start({ folder, read, now, labs, say }), Store.opened(site), pyodide]))
  .then(([cloud, store]) => new Calls(cloud, store));
started.catch(() => {}); // who calls is told

const DEAD = "Python ran out of its stack or its memory, and ended. The cloud is as it was before.";
let isOpen = false;
started.then(() => { isOpen = true; }, () => {});

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
      const isDead = isOpen && (error instanceof RangeError || error instanceof WebAssembly.RuntimeError || error.pyodide_fatal_error);
      postMessage({ id, error: isDead ? DEAD : said(error), broken: error.broken || isDead, gone: error.gone });
    }
  });
};

/* Of a traceback the last line, which says what is wrong. */
function said(error) {
  if (!globalThis.WebAssembly) return "this browser has no WebAssembly, or it is switched off: the examples run in another one";
  if (error instanceof RangeError || /out of memory/i.test(error.message)) return "this device has not enough memory free: Python and the cloud need about 500 MB";
  const lines = String(error.message ?? error).trim().split("\n");
  return lines.at(-1).replace(/^\w+(\.\w+)*(Error|Exception): /, "");
}
