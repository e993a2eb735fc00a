/* node course.mjs BUILD PAGES.json: run the blocks of the pages in Python as WebAssembly; a line of JSON for each page. */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { zstdDecompressSync } from "node:zlib";

const [build, listed] = process.argv.slice(2).map((given) => path.resolve(given));
const { folder: scripts, memory } = JSON.parse(fs.readFileSync(path.join(build, "now.json")));
const folder = path.join(build, memory);
const { labs, packed } = JSON.parse(fs.readFileSync(path.join(folder, "made")));
const { Cloud } = await import(pathToFileURL(path.join(build, scripts, "python.mjs")));
const now = (name) => new Uint8Array(fs.readFileSync(path.join(folder, name)));
const read = async (name) => {
  let bytes = now(name);
  if (!(name in packed)) return bytes;
  const parts = packed[name].map(([size]) => {
    const part = zstdDecompressSync(bytes.subarray(0, size));
    bytes = bytes.subarray(size);
    return part;
  });
  return new Uint8Array(Buffer.concat(parts));
};

const [core] = fs.readdirSync(path.join(build, "npm")).filter((name) => name.startsWith("pyodide-"));
const cloud = await Cloud.start({ folder: `${folder}/`, core: path.join(build, "npm", core, "/"), read, now, labs });
for (const page of JSON.parse(fs.readFileSync(listed))) {
  const begun = performance.now();
  await cloud.begin({ lab: page.lab });
  const opened = performance.now() - begun;
  const blocks = page.blocks.map(({ line, language, text }) => {
    try {
      const done = language === "typed" ? cloud.call("typed", "console", text).done : cloud.call("run", language, text);
      return { line, done, drawn: page.drawn === false ? 0 : cloud.call("inside", "wide")?.svgs.length ?? 0 };
    } catch (error) {
      return { line, error: error.message };
    }
  });
  const heap = cloud.python._module.HEAP8.length;
  console.log(JSON.stringify({ page: page.name, opened, took: performance.now() - begun, heap, blocks }));
}
