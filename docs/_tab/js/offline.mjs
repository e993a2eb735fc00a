/* The site without a network: once something has run in a page, a service worker keeps the whole site, when the page is idle.
   Where there is none (no secure context, an old browser, a private window) the site works as before. */
const root = new URL("../../", import.meta.url);
const REST = 5000; // milliseconds: who has run one example runs the next

/* The worker tells each page {offline, part}: "part" while it comes, then "whole", "failed", or "none" if nothing is to be
   kept. */
export async function keepSite() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  try {
    await serviceWorker.register(new URL("sw.js", root), { scope: root });
    const { active } = await serviceWorker.ready;
    setTimeout(() => (window.requestIdleCallback ?? setTimeout)(() => active.postMessage("keep")), REST);
  } catch {
    // refused: nothing is kept
  }
}
