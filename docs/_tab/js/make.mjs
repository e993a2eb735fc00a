/* node make.mjs PYODIDE WORK FOLDER: what assets.py needs Python as WebAssembly for.
   WORK/code.zip and FOLDER/data.zip become WORK/memory.bin; WORK/modules.json says which files that has.
   On the way the clouds are made that lessons begin with, as FOLDER/kept/*.zip; WORK/labs.json says which lab has which. */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [core, work, folder] = process.argv.slice(2).map((given) => path.resolve(given));
const SITE = "/lib/python3.14/site-packages";
const bytes = (file) => new Uint8Array(fs.readFileSync(file));
const from = (file) => import(pathToFileURL(file));

async function memory() {
  const { loadPyodide } = await from(path.join(core, "pyodide.mjs"));
  const python = await loadPyodide({ indexURL: `${core}/`, _makeSnapshot: true });
  for (const file of [path.join(work, "code.zip"), path.join(folder, "data.zip")]) {
    python.unpackArchive(bytes(file), "zip", { extractDir: SITE });
  }
  const { graphviz } = await import("./graphviz.mjs");
  globalThis.graphviz = await graphviz(bytes(path.join(folder, "graphviz.wasm")));
  const lessons = python.pyimport("lessons");
  const start = python.pyimport("start");
  start.prepare();
  kept(python, lessons);
  start.warm();
  start.destroy();
  lessons.destroy();
  fs.writeFileSync(path.join(work, "modules.json"), python.runPython(`
import json, sys
files = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
json.dumps(sorted(file.removeprefix("${SITE}/") for file in files))`));
  fs.writeFileSync(path.join(work, "memory.bin"), python.makeMemorySnapshot());
}

function kept(python, lessons) {
  const labs = lessons.make_kept();
  fs.mkdirSync(path.join(folder, "kept"));
  for (const name of new Set(["empty", ...Object.values(JSON.parse(labs))])) {
    lessons.pack_kept(name, "/kept.zip");
    fs.writeFileSync(path.join(folder, "kept", `${name}.zip`), python.FS.readFile("/kept.zip"));
    python.FS.unlink("/kept.zip");
  }
  fs.writeFileSync(path.join(work, "labs.json"), labs);
}

try {
  await memory();
} catch (error) { // the module that throws is one line of a megabyte, which Node.js would print
  console.error(error.stack?.split("\n").filter((line) => line.length < 500).join("\n") ?? error);
  process.exit(1);
}
