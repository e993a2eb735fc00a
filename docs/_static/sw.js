/* The site without a network. docs/_ext/offline.py puts this at the site's root, docs/_tab/js/offline.mjs registers it.
   With a network every page comes from there, so that a new build, or another site at this address, is what a reader
   sees; only the folders of `_tab/`, whose names are made of their content, come from what is kept. Without one, all comes from the
   last copy that is whole. A copy is whole when it has the list of its files, which is put last. */
"use strict";

const SCOPE = registration.scope, LIST = `${SCOPE}offline.json`, OURS = `oslearn ${SCOPE} `;
const HASHED = /^_tab\/[^/]+\//;
const AT_ONCE = 2; // files that are asked for
const REST = 5000; // milliseconds after a page was opened: what it needs comes first

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", (event) => event.waitUntil(keep()));
addEventListener("fetch", (event) => {
  const { request } = event, address = new URL(request.url);
  if (request.method !== "GET" || !address.href.startsWith(SCOPE)) return;
  const path = address.pathname.slice(new URL(SCOPE).pathname.length);
  event.respondWith(HASHED.test(path) ? keptFirst(request, path) : networkFirst(request, path));
  if (request.mode === "navigate") event.waitUntil(new Promise((rest) => setTimeout(rest, REST)).then(keep));
});

async function keptFirst(request, path) {
  for (const { cache } of await copies()) {
    const found = await cache.match(SCOPE + path);
    if (found) return found;
  }
  return fetch(request);
}

async function networkFirst(request, path) {
  try {
    return await fetch(request);
  } catch {
    const [copy] = await copies();
    return (copy && await fromCopy(copy, path)) ?? Response.error();
  }
}

/* A file of the copy, by any name that hosts give it; what a whole copy lacks is not there, as with a network. */
async function fromCopy({ cache, whole }, path) {
  for (const name of [path, `${path}.html`, path.replace(/\/?$/, path && "/") + "index.html"]) {
    const found = await cache.match(SCOPE + name);
    if (found) return found;
  }
  const none = whole && await cache.match(`${SCOPE}404.html`);
  if (!none) return undefined;
  const text = (await none.text()).replace("<head>", `<head><base href="${SCOPE}">`); // its own addresses are the root's
  return new Response(text, { status: 404, headers: { "content-type": "text/html; charset=utf-8" } });
}

/* What is kept of this site: first a whole copy, if there is one. */
async function copies() {
  const names = (await caches.keys()).filter((name) => name.startsWith(OURS));
  const found = await Promise.all(names.map(async (name) => {
    const cache = await caches.open(name);
    return { name, cache, whole: await cache.match(LIST) };
  }));
  return found.sort((a, b) => Boolean(b.whole) - Boolean(a.whole));
}

let keeping;
/* Says how it went; where it did not, the next page tries again. */
const keep = () => keeping ??= kept().then(tell, () => tell("failed")).finally(() => { keeping = undefined; });

/* Bring the copy of the present build here. What the older one has is not asked for again. */
async function kept() {
  if (navigator.connection?.saveData) return "none"; // the reader counts bytes
  const answer = await fetch(LIST, { cache: "no-cache" });
  if (!answer.ok) return "none";
  const { build, size, files } = await answer.clone().json();
  const there = await copies(), name = OURS + build;
  if (there.some((copy) => copy.name === name && copy.whole)) return "whole";
  const old = there.find(({ whole }) => whole), had = old ? (await old.whole.json()).files : {};
  const cache = await caches.open(name);
  let got = 0;
  const bring = async (path, [hash, bytes]) => {
    const address = SCOPE + path;
    if (!await cache.match(address)) {
      const same = had[path]?.[0] === hash && await old.cache.match(address);
      await cache.put(address, same || await checked(path, hash));
    }
    got += bytes;
    tell("part", got / size);
  };
  const rest = Object.entries(files);
  const some = async () => {
    for (let next; (next = rest.shift());) await bring(...next);
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, some));
    await cache.put(LIST, answer);
  } catch (error) {
    rest.length = 0;
    if (error.name === "QuotaExceededError") await caches.delete(name);
    throw error;
  }
  await Promise.all(there.filter((copy) => copy.name !== name).map((copy) => caches.delete(copy.name)));
  return "whole";
}

/* A file as the list says it is: while a host is given a new build, what comes may be of the other one. The browser's own
   cache is left alone, which else might show a page as it is now when it is a newer one. */
async function checked(path, hash) {
  const answer = await fetch(SCOPE + path, { cache: HASHED.test(path) ? "default" : "no-store", priority: "low" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  const bytes = await answer.arrayBuffer(), { headers } = answer;
  // What is sent as packed has been unpacked on its way; its own bytes are no longer there.
  const isUnpacked = path.endsWith(".gz") && headers.get("content-encoding") === "gzip";
  if (!isUnpacked && !hex(await crypto.subtle.digest("SHA-256", bytes)).startsWith(hash)) throw new Error(`${path} is another one`);
  return new Response(bytes, { headers }); // without the mark of a redirect, which no page may come with
}

const hex = (digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function tell(offline, part = 1) {
  for (const client of await clients.matchAll({ includeUncontrolled: true })) client.postMessage({ offline, part });
}
