/* Python with the cloud in it, out of the memory that was kept when the site was built. In a worker and in Node.js.
   `folder` is where that lies, `core` where Pyodide does; `read(name)` gives the bytes of a file of it, a name that ends in .zst comes unpacked;
   `now(name)` gives a file's bytes at once, while Python waits. */
import { graphviz } from "./graphviz.mjs";

/* Places in the file system that this Python has in memory. */
const SITE = "/lib/python3.14/site-packages", ARCHIVE = "/cloud.zip";

/* A Python whose memory is that of `memory`. Pyodide 314.0.7 copies it into a memory that is too small: grow it first. */
async function restored(core, folder, { memory, wasm, script }) {
  const { loadPyodide } = await import(`${core}pyodide.mjs`);
  const asked = globalThis.fetch, streamed = WebAssembly.instantiateStreaming;
  // It would load its WebAssembly itself, and that is here already, compiled.
  globalThis.fetch = (url, ...rest) => String(url).endsWith(".asm.wasm") ? Promise.resolve(new Response()) : asked(url, ...rest);
  WebAssembly.instantiateStreaming = async (_, imports) => ({ module: wasm, instance: await WebAssembly.instantiate(wasm, imports) });
  try {
    return await loadPyodide({
      indexURL: core,
      stdLibURL: `${folder}none.zip`, // the standard library is in the memory, or comes when it is imported
      _loadSnapshot: memory,
      createPyodideModule: async (settings) => {
        const { default: create } = await import(script);
        const module = await create(settings);
        if (module.HEAP8.length < memory.length) module._malloc(memory.length);
        return module;
      },
    });
  } finally {
    globalThis.fetch = asked;
    WebAssembly.instantiateStreaming = streamed;
  }
}

/* A script, out of its text. */
const address = (bytes) => URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));

export class Cloud {
  constructor(python, read, labs) {
    this.python = python;
    this.read = read;
    this.labs = labs;
    this.page = python.pyimport("page");
    this.place = python.pyimport("lessons").place();
    this.there = new Set();
  }

  static async start({ folder, core = folder, read, now, labs, say = () => {} }) {
    const parts = {
      wasm: read("pyodide.asm.wasm.zst").then((bytes) => WebAssembly.compile(bytes)),
      script: core === folder ? read("pyodide.asm.mjs.zst").then(address) : `${core}pyodide.asm.mjs`,
      data: read("data.zip"),
      drawing: read("graphviz.wasm.zst").then(graphviz),
      memory: read("memory.zst"),
    };
    const came = Object.fromEntries(await Promise.all(Object.entries(parts).map(async ([name, part]) => [name, await part])));
    say("restore");
    const python = await restored(core, folder, came);
    python.unpackArchive(came.data, "zip", { extractDir: SITE });
    globalThis.graphviz = came.drawing;
    globalThis.later = now;
    python.runPython("import later; later.arm()");
    return new Cloud(python, read, labs);
  }

  /* A cloud as the lab finds it; or, with what was kept of one, that one. `mine` is the reader's own. */
  async begin({ lab = "", mine = false, kept = null }) {
    this.settings = { lab, mine };
    this.page.clear();
    await this.states(lab);
    if (kept) this.lay(mine ? null : lab, kept);
    this.open(kept?.rest ?? null);
  }

  /* A page's own files become its cloud. */
  open(rest) {
    this.page.begin(JSON.stringify({ ...this.settings, rest }));
  }

  /* What the lab begins with, and what a course begins with, for a lab that lies beside it. */
  async states(lab) {
    for (const state of new Set(["empty", lab ? this.labs[lab] : "empty"])) {
      if (!state || this.there.has(state)) continue;
      this.python.unpackArchive(await this.read(`kept/${state}.zip`), "zip", { extractDir: `${this.place}/${state}` });
      this.there.add(state);
    }
  }

  /* The files as they were kept: of a lesson's cloud those that are other than the lesson found them. */
  lay(lab, { files, gone = [] }) {
    const { FS } = this.python;
    if (lab !== null) this.page.lay(lab);
    for (const name of gone) if (FS.analyzePath(`/${name}`).exists) FS.unlink(`/${name}`);
    for (const [name, { bytes, mode }] of files) {
      FS.mkdirTree(`/${name}`.slice(0, name.lastIndexOf("/") + 1));
      FS.writeFile(`/${name}`, bytes);
      FS.chmod(`/${name}`, mode);
    }
  }

  /* What of the reader's is other than when this was last asked: {files: Map of {bytes, mode}, gone, rest}. */
  changes() { return this.filled(this.page.changes()); }

  /* All of it. */
  everything() { return this.filled(this.page.everything()); }

  filled(json) {
    const { files, gone, rest } = JSON.parse(json);
    const { FS } = this.python;
    const read = ([name, mode]) => {
      FS.chmod(`/${name}`, 0o600); // one that the reader may not read is kept, too
      const bytes = FS.readFile(`/${name}`);
      FS.chmod(`/${name}`, mode);
      return [name, { bytes, mode }];
    };
    return { files: new Map(Object.entries(files).map(read)), gone, rest };
  }

  /* The page's cloud as a file that `oslearn serve --data` opens, once it is unpacked. */
  packed() {
    this.page.packed(ARCHIVE);
    return this.taken(ARCHIVE);
  }

  /* The cloud of such a file in the place of the page's, as the reader's own. What is wrong with it is thrown, and nothing is other. */
  unpacked(bytes, lab) {
    this.python.FS.writeFile(ARCHIVE, bytes);
    try {
      const rest = JSON.parse(this.page.unpacked(ARCHIVE));
      this.settings = { lab, mine: true };
      this.open(rest);
    } finally {
      this.python.FS.unlink(ARCHIVE);
    }
  }

  taken(path) {
    const bytes = this.python.FS.readFile(path);
    this.python.FS.unlink(path);
    return bytes;
  }

  /* One of the calls of page.py. */
  call(name, ...args) { return JSON.parse(this.page.call(name, JSON.stringify(args))); }
}
