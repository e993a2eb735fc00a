/* Python with the cloud in it, out of the memory that was kept when the site was built. In a worker and in Node.js.
   `folder` is where that lies; `read(name)` gives the bytes of a file of it, a name that ends in .gz comes unpacked. */
import { graphviz } from "./graphviz.mjs";

const SITE = "/lib/python3.14/site-packages", STANDARD = "/lib/python314.zip", ARCHIVE = "/tmp/cloud.zip";

/* A Python whose memory is that of `memory`. Pyodide 314.0.7 copies it into a memory that is too small: grow it first. */
export async function restored(folder, read, memory) {
  const { loadPyodide } = await import(`${folder}pyodide.mjs`);
  const python = await loadPyodide({
    indexURL: folder,
    stdLibURL: `${folder}none.zip`, // the standard library is in the memory, or comes late
    _loadSnapshot: memory,
    createPyodideModule: async (settings) => {
      const { default: create } = await import(`${folder}pyodide.asm.mjs`);
      const module = await create(settings);
      if (module.HEAP8.length < memory.length) module._malloc(memory.length);
      return module;
    },
  });
  return python;
}

export class Cloud {
  constructor(python, read, labs) {
    this.python = python;
    this.read = read;
    this.labs = labs;
    this.page = python.pyimport("page");
    this.place = python.pyimport("lessons").place();
    this.there = new Set();
  }

  static async start(folder, read, labs, say = () => {}) {
    const data = read("data.zip"), drawing = read("graphviz.wasm");
    const memory = await read("memory.bin.gz");
    say("restore");
    const python = await restored(folder, read, memory);
    python.unpackArchive(await data, "zip", { extractDir: SITE });
    globalThis.graphviz = await graphviz(await drawing);
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
    const read = ([name, mode]) => [name, { bytes: this.python.FS.readFile(`/${name}`), mode }];
    return { files: new Map(Object.entries(files).map(read)), gone, rest };
  }

  /* The page's cloud as a file that `oslearn serve --data` opens, once it is unpacked. */
  packed() {
    this.page.packed(ARCHIVE);
    return this.taken(ARCHIVE);
  }

  /* The cloud of such a file in the place of the page's, as the reader's own. What is wrong with it is thrown, and nothing is other. */
  unpacked(bytes) {
    this.python.FS.writeFile(ARCHIVE, bytes);
    try {
      const rest = JSON.parse(this.page.unpacked(ARCHIVE));
      this.settings.mine = true;
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

  /* The modules that the memory lacks. */
  async late() {
    this.python.FS.writeFile(STANDARD, await this.read("python_stdlib.zip"));
    this.python.FS.writeFile("/rest.zip", await this.read("rest.zip"));
    this.page.late("/rest.zip");
  }
}
