/* One Python with one cloud, beside the page, which so stays at work; Stop is worker.terminate().
   In: {id, call, args}: a method of Cloud, or a call of page.py.
   Out: {id, result, changes} or {id, error}; changes is what the call made other, to be kept before the answer is shown.
   While it starts: {state, part}. */
import { Cloud } from "./python.mjs";

const { searchParams } = new URL(import.meta.url);
const { memory, labs, size } = JSON.parse(searchParams.get("now"));
const folder = new URL(`../${memory}/`, import.meta.url).href;
const OWN = new Set(["begin", "late"]);

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

const started = Cloud.start(folder, read, labs, say);
started.catch(() => {}); // who calls is told
onmessage = async ({ data: { id, call, args } }) => {
  try {
    const cloud = await started;
    const result = OWN.has(call) ? await cloud[call](...args) : cloud.call(call, ...args);
    const changes = OWN.has(call) ? null : cloud.changes();
    const moved = changes ? [...changes.files.values()].map(({ bytes }) => bytes.buffer) : [];
    postMessage({ id, result, changes }, moved);
  } catch (error) {
    postMessage({ id, error: said(error) });
  }
};

/* Of a traceback the last line, which says what is wrong. */
function said(error) {
  const lines = String(error.message ?? error).trim().split("\n");
  return lines.at(-1).replace(/^\w+(\.\w+)*(Error|Exception): /, "");
}
