/* node make.mjs WHAT PYODIDE WORK FOLDER: what assets.py needs Python as WebAssembly for.
   kept     the clouds that lessons begin with: FOLDER/kept/*.zip; WORK/labs.json says which lab has which;
   memory   of WORK/code.zip and FOLDER/data.zip: WORK/memory.bin; WORK/modules.json says which files that has;
   packed   what of WORK a page loads, as FOLDER/*.zst; WORK/packed.json says in which parts. */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { graphviz } from "./graphviz.mjs";

const [what, ...places] = process.argv.slice(2);
const [core, work, folder] = places.map((given) => path.resolve(given));
const SITE = "/lib/python3.14/site-packages", SNAPSHOT = { _makeSnapshot: true };
const PART = 16 << 20, LEVEL = 12; // a higher one takes four times as long for a twentieth
const bytes = (file) => new Uint8Array(fs.readFileSync(file));

async function python(options = {}) {
  const { loadPyodide } = await import(pathToFileURL(path.join(core, "pyodide.mjs")));
  const made = await loadPyodide({ indexURL: `${core}/`, ...options });
  for (const file of [path.join(work, "code.zip"), path.join(folder, "data.zip")]) {
    made.unpackArchive(bytes(file), "zip", { extractDir: SITE });
  }
  globalThis.graphviz = await graphviz(bytes(path.join(work, "graphviz.wasm")));
  made.runPython("import start; start.prepare()");
  return made;
}

async function kept() {
  const made = await python();
  const lessons = made.pyimport("lessons");
  const labs = lessons.make_kept();
  fs.mkdirSync(path.join(folder, "kept"));
  for (const name of new Set(["empty", ...Object.values(JSON.parse(labs))])) {
    lessons.pack_kept(name, "/kept.zip");
    fs.writeFileSync(path.join(folder, "kept", `${name}.zip`), made.FS.readFile("/kept.zip"));
    made.FS.unlink("/kept.zip");
  }
  fs.writeFileSync(path.join(work, "labs.json"), labs);
}

async function memory() {
  const made = await python(SNAPSHOT);
  const place = made.runPython("import lessons; lessons.place()");
  for (const file of fs.readdirSync(path.join(folder, "kept"))) {
    made.unpackArchive(bytes(path.join(folder, "kept", file)), "zip", { extractDir: `${place}/${path.parse(file).name}` });
  }
  made.runPython("start.warm()");
  fs.writeFileSync(path.join(work, "modules.json"), made.runPython(`
import json, sys
files = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
json.dumps(sorted(file.removeprefix("${SITE}/") for file in files))`));
  made.runPython("import gc; gc.collect()");
  clean(made._module);
  fs.writeFileSync(path.join(work, "memory.bin"), made.makeMemorySnapshot());
}

/* What is free in the memory still has the bytes of what was there: take all of it, write zeros, and give it back. */
function clean(module) {
  const taken = [];
  for (let size = 1 << 20; size >= 64; size >>= 1) {
    for (;;) {
      const end = module._sbrk(0), at = module._malloc(size - 8);
      if (module._sbrk(0) !== end) { // no such piece was free
        module._free(at);
        break;
      }
      module.HEAPU8.fill(0, at, at + size - 8);
      taken.push(at);
    }
  }
  taken.forEach((at) => module._free(at));
}

async function packed() {
  const pack = promisify(zlib.zstdCompress), parts = {};
  for (const [from, to] of [["memory.bin", "memory"], ["pyodide.asm.mjs"], ["pyodide.asm.wasm"], ["graphviz.wasm"]]) {
    const raw = fs.readFileSync(path.join(work, from)), cuts = [];
    for (let at = 0; at < raw.length; at += PART) cuts.push(raw.subarray(at, at + PART));
    const params = { [zlib.constants.ZSTD_c_compressionLevel]: LEVEL };
    const made = await Promise.all(cuts.map((cut) => pack(cut, { params, pledgedSrcSize: cut.length })));
    const name = `${to ?? from}.zst`;
    fs.writeFileSync(path.join(folder, name), Buffer.concat(made));
    parts[name] = made.map((part, n) => [part.length, cuts[n].length]);
  }
  fs.writeFileSync(path.join(work, "packed.json"), JSON.stringify(parts));
}

try {
  await { kept, memory, packed }[what]();
} catch (error) { // the module that throws is one line of a megabyte, which Node.js would print
  console.error(error.stack?.split("\n").filter((line) => line.length < 500).join("\n") ?? error);
  process.exit(1);
}
