/* Python with the cloud in it, out of the memory that was kept when the site was built. In a worker and in Node.js.
   `read(name)` gives the bytes of a file of this folder; a name that ends in .gz comes back unpacked. */
import { loadPyodide } from "./pyodide.mjs";
import { graphviz } from "./graphviz.mjs";

const SITE = "/lib/python3.14/site-packages", STANDARD = "/lib/python314.zip";

/* A Python whose memory is that of `memory`. Pyodide 314.0.7 copies it into a memory that is too small: grow it first. */
export async function restored(folder, read, memory) {
  const python = await loadPyodide({
    indexURL: folder,
    stdLibURL: `${folder}none.zip`, // the standard library is in the memory, or comes late
    _loadSnapshot: memory,
    createPyodideModule: async (settings) => {
      const { default: create } = await import("./pyodide.asm.mjs");
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

  /* A new cloud, as the lab finds it. */
  async begin(lab) {
    const kept = lab ? this.labs[lab] : "empty";
    if (kept && !this.there.has(kept)) {
      this.python.unpackArchive(await this.read(`kept/${kept}.zip`), "zip", { extractDir: `${this.page.place()}/${kept}` });
      this.there.add(kept);
    }
    this.page.begin(lab);
  }

  /* The modules that the memory lacks. */
  async late() {
    this.python.FS.writeFile(STANDARD, await this.read("python_stdlib.zip"));
    this.python.FS.writeFile("/rest.zip", await this.read("rest.zip"));
    this.page.late("/rest.zip");
  }

  run(language, text) { return JSON.parse(this.page.run(language, text)); }
  inside(look) { return JSON.parse(this.page.inside(look)); }
}
