/* node course.mjs FOLDER PAGES.json: run the blocks of the pages in Python as WebAssembly; a line of JSON for each page. */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

const [folder, listed] = process.argv.slice(2).map((given) => path.resolve(given));
const { Cloud } = await import(pathToFileURL(path.join(folder, "python.mjs")));
const { labs } = JSON.parse(fs.readFileSync(path.join(folder, "made")));
const read = async (name) => {
  const bytes = fs.readFileSync(path.join(folder, name));
  return new Uint8Array(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
};

const cloud = await Cloud.start(`${folder}/`, read, labs);
for (const page of JSON.parse(fs.readFileSync(listed))) {
  const begun = performance.now();
  await cloud.begin(page.lab);
  const opened = performance.now() - begun;
  const blocks = page.blocks.map(({ line, language, text }) => {
    try {
      const done = cloud.run(language, text);
      return { line, done, drawn: cloud.inside("wide")?.svgs.length ?? 0 };
    } catch (error) {
      return { line, error: error.message };
    }
  });
  const heap = cloud.python._module.HEAP8.length;
  console.log(JSON.stringify({ page: page.name, opened, took: performance.now() - begun, heap, blocks }));
}
