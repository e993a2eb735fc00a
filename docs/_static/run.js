/* Run: buttons below each example that runs, and one for the terminal. The first press brings a Python and a cloud into
   this page: docs/_tab/js/blocks.mjs. Without this script, or from a file, the page reads as it is. */
/* global button, kept, keptForNow, make, tabsDoTheSame */
"use strict";

const here = document.currentScript.src;
addEventListener("DOMContentLoaded", () => { // course.js comes after this
  const site = new URL("../_tab/", here), root = new URL("../", here);
  const hosts = [...document.querySelectorAll("div.highlight-console, div.highlight-pycon")].filter((host) =>
    !host.closest(".unexecuted, .os-still"));
  const own = document.querySelector(".os-terminal-place"); // the page that is a terminal
  if (location.protocol === "file:") {
    const asks = document.querySelector(".os-player[data-flow]")?.closest("figure");
    const seen = hosts.find((host) => host.getClientRects().length); // another may be in a tab that is closed
    (own?.lastElementChild ?? seen ?? asks ?? hosts[0])?.after(make("p", { className: "os-run-how", innerHTML: "This runs in your browser if the site is served: <code>make serve</code>, and open the address that it prints." }));
    return;
  }

  document.querySelectorAll(".os-run-how[hidden]").forEach((why) => { why.hidden = false; });

  let page;
  const opened = () => page ??= (async () => {
    const answer = await fetch(new URL("now.json", site), { cache: "no-cache" });
    if (!answer.ok) throw new Error(`now.json cannot be loaded (${answer.status})`);
    const now = await answer.json();
    const { Page } = await import(new URL(`${now.folder}/blocks.mjs`, site));
    return new Page(now, bars, document.querySelector("[data-lab]")?.dataset.lab ?? "", root);
  })().catch((error) => {
    page = undefined;
    throw error;
  });

  globalThis.oslearn = { tab: async () => (await opened()).tab }; // for what else of the page asks for its cloud

  /* Do it with the page's cloud, or say at `status` why that cannot be. */
  const does = async (status, what) => {
    try {
      if (!page) status.textContent = "Loading";
      const opening = await opened();
      if (status.textContent === "Loading") status.textContent = "";
      await what(opening);
    } catch (error) {
      status.textContent = `That did not work: ${error.message}`;
      status.className = "os-run-status os-run-other";
    }
  };
  const said = () => make("span", { className: "os-run-status", role: "status" });

  const bars = hosts.map((host, at) => {
    const number = at + 1, status = said();
    const run = button("Run", `Run example ${number}`, () => does(status, (page) => page.run(page.blocks[at])));
    const edit = button("Edit", `Edit example ${number}`, () => does(status, (page) => page.blocks[at].edit()));
    const bar = make("div", { className: "os-run" }, run, make("span", { className: "os-run-more" }, edit), status);
    host.after(bar);
    return { host, number, bar, run, edit, status };
  });

  /* From the keyboard the first example lies behind the whole sidebar. */
  document.querySelector(".skip-to-content")?.after(...bars.slice(0, 1).map(() => make("a", {
    className: "skip-to-content muted-link", href: "#furo-main-content", textContent: "Skip to the first example",
    onclick: (event) => {
      event.preventDefault();
      bars.find(({ bar }) => bar.getClientRects().length)?.run.focus(); // it may be in a tab that is closed
    },
  })));

  const status = said();
  const shows = (takes) => does(status, (page) => page.terminal(own, terminal, takes));
  const terminal = button("Terminal", "Open the terminal", () => shows(true));
  if (own) own.replaceChildren(status);
  else document.body.append(make("div", { className: "os-terminal-open" }, status, terminal));
  document.querySelectorAll(".os-exercise").forEach((exercise, at) => exercise.firstElementChild.after(make("p", { className: "os-exercise-try" },
    button("Do it in the terminal", `Do exercise ${at + 1} in the terminal`, () => shows(true)))));
  if (bars.length && kept.read("mine")) bars[0].status.textContent = `The examples run in my cloud. ${tabsDoTheSame()}`.trim();
  // It was open on the page before. A small device asks for it again.
  const small = navigator.deviceMemory <= 2 || innerWidth < 736;
  if (own || (!small && keptForNow.read("dock") === "open")) shows(Boolean(own) && !small);

  // Who ran something on a page before is likely to do so here: Python starts while they read, out of the browser's cache.
  if (keptForNow.read("used") && !small && !navigator.connection?.saveData) {
    addEventListener("load", () => (window.requestIdleCallback ?? setTimeout)(() => opened().then(({ tab }) => tab.start(), () => {})));
  }
});
