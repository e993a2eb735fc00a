/* Run: a button below each example that runs; the first press brings a Python and a cloud into this page, docs/_tab.
   Without this script, or from a file, the page reads as it is. */
"use strict";

(() => {
  const site = new URL("../_tab/", document.currentScript.src);
  const hosts = [...document.querySelectorAll("div.highlight-console, div.highlight-pycon")].filter((host) =>
    !host.closest(".unexecuted, .os-still"));
  const make = (name, set = {}, ...inside) => {
    const made = Object.assign(document.createElement(name), set);
    made.append(...inside);
    return made;
  };
  const button = (text, label, onclick) => {
    const made = make("button", { type: "button", className: "os-run-button", textContent: text, onclick });
    made.setAttribute("aria-label", label);
    return made;
  };
  if (location.protocol === "file:") {
    hosts[0]?.after(make("p", { className: "os-run-how", innerHTML: "These examples run in your browser if the site is served: <code>make serve</code>, and open the address that it prints." }));
    return;
  }

  document.querySelectorAll(".os-run-how[hidden]").forEach((why) => { why.hidden = false; });

  let tab;
  const opened = () => tab ??= (async () => {
    const answer = await fetch(new URL("now.json", site), { cache: "no-cache" });
    if (!answer.ok) throw new Error(`now.json cannot be loaded (${answer.status})`);
    const now = await answer.json();
    const { Tab } = await import(new URL(`${now.folder}/tab.mjs`, site));
    return new Tab(now, blocks, document.querySelector("[data-lab]")?.dataset.lab ?? "");
  })().catch((error) => {
    tab = undefined;
    throw error;
  });

  globalThis.oslearn = { tab: opened }; // for what else of the page asks for its cloud

  class Block {
    constructor(host, at) {
      this.host = host;
      this.number = at + 1;
      this.language = host.classList.contains("highlight-pycon") ? "pycon" : "console";
      this.text = host.querySelector("pre").textContent;
      this.button = button("Run", `Run example ${this.number}`, () => this.run());
      this.more = make("span", { className: "os-run-more", hidden: true });
      this.status = make("span", { className: "os-run-status" });
      this.status.setAttribute("role", "status");
      this.out = make("div", { className: "os-run-out", hidden: true });
      this.inside = make("details", { className: "os-inside", hidden: true });
      this.more.append(
        button("Run all above", `Run all examples down to ${this.number} again, in a new cloud`, () => this.again()),
        button("Reset", "Reset: a new cloud for this page", async () => (await opened()).reset()),
      );
      this.bar = make("div", { className: "os-run" }, this.button, this.more, this.status);
      host.after(this.bar, this.out, this.inside);
    }

    async run() {
      this.waits({ state: "load", part: 0 });
      try {
        await (await opened()).run(this);
      } catch (error) {
        this.fails(error.message);
      }
    }

    async again() {
      await (await opened()).reset();
      await this.run();
    }

    waits({ state, part }) {
      this.button.disabled = true;
      const loaded = part ? ` ${Math.round(100 * part)} %` : "";
      this.status.textContent = state === "load" ? `Loading Python and the cloud, once${loaded}` : "Starting the cloud";
      this.status.className = "os-run-status";
    }

    starts(why) {
      this.button.disabled = true;
      this.status.textContent = why ? `Running, ${why}` : "Running";
      this.status.className = "os-run-status";
    }

    shows(done) {
      const other = done.filter((one) => one.same === false).length;
      const ms = done.reduce((sum, one) => sum + one.ms, 0);
      const took = ms < 995 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
      this.out.replaceChildren(this.printed(done));
      this.out.hidden = false;
      this.status.textContent = other
        ? `Ran in ${took}. ${other} of ${done.length} differ${other > 1 ? "" : "s"} from the page.`
        : `Ran in ${took}. The same as on the page.`;
      this.status.className = `os-run-status ${other ? "os-run-other" : "os-run-same"}`;
      this.ends();
      this.done = true;
    }

    /* What was printed, looking as the page's own block does. */
    printed(done) {
      const python = this.language === "pycon";
      const pre = make("pre", { tabIndex: 0 });
      pre.setAttribute("aria-label", `Output of example ${this.number}`);
      const line = (kind, text) => make("span", { className: `os-l ${kind}`, textContent: `${text}\n` });
      for (const { source, got, same } of done) {
        if (python) {
          pre.append(...source.trimEnd().split("\n").map((text, n) => line("os-c", `${n ? "..." : ">>>"} ${text}`)));
        } else {
          const command = line("os-c", source);
          command.prepend(make("span", { className: "gp", textContent: "$ " }));
          pre.append(command);
        }
        if (!got) continue;
        const lines = got.trimEnd().split("\n").map((text) => line(text.startsWith("+-") ? "os-r" : text.startsWith("|") ? "os-t" : "os-o", text));
        pre.append(...(same === false ? [make("span", { className: "os-run-differs" }, ...lines)] : lines));
      }
      const name = python ? "highlight-pycon" : "highlight-console";
      return make("div", { className: `${name} notranslate` }, make("div", { className: "highlight" }, pre));
    }

    draws(found) {
      this.inside.hidden = !found;
      if (!found) return;
      const [heads, body] = found.svgs.map((svg, n) => make("div", { className: n ? "os-body" : "os-heads", innerHTML: svg }));
      const shown = make("div", { className: "os-run-drawing" }, heads, body);
      const caption = make("figcaption", { textContent: found.caption });
      this.inside.replaceChildren(
        make("summary", { textContent: `${found.title}, of your run` }),
        make("figure", { className: "os-diagram" }, shown, caption),
      );
    }

    fails(message) {
      this.status.textContent = `That did not work: ${message}`;
      this.status.className = "os-run-status os-run-other";
      this.ends();
    }

    ends() {
      this.button.disabled = false;
      this.button.textContent = "Run again";
      this.more.hidden = false;
    }

    clears() {
      this.done = false;
      this.out.hidden = this.inside.hidden = this.more.hidden = true;
      this.status.textContent = "";
      this.button.textContent = "Run";
    }
  }

  const blocks = hosts.map((host, at) => new Block(host, at));
})();
