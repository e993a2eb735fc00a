/* What if? Below a step of a flow's player: its message goes wrong in one of four ways. The page says what comes of it
   as the tests have found it; then the boot runs again in the page, with that fault. Without Run the words are there. */
/* global look, make, took */
"use strict";

addEventListener("DOMContentLoaded", () => { // course.js comes after this
  const FAULTS = {
    lose: ["Lose this message", "lost"],
    error: ["Answer with an error", "error"],
    slow: ["Be too slow", "too late"],
    stop: ["Stop its receiver", "stopped"],
  };
  const STOPS_SENDER = "Stop its sender"; // of an answer: who waits for it notices
  const HELD = {
    ports: "a port", attachments: "an attachment", volume: "a volume that is not available", domains: "a domain",
    hosts: "a host with an instance on it", allocations: "an allocation",
  };
  const SVG = "http://www.w3.org/2000/svg";
  const drawn = (name, set) => {
    const made = document.createElementNS(SVG, name);
    Object.entries(set).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };

  const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}.`;

  /* What came of it, in words, by what is asked. */
  const told = ([reached, status, noticed, left], steps, message = "") => ({
    "Steps that come": `${reached > 1 ? `1 to ${reached}` : "step 1"} of ${steps}`,
    "Who notices": noticed || "nobody",
    "What the user sees": (status !== "refused" ? `a server in ${status}`
      : left.length ? "an error, though there is a server" : "an error, and no server") + (message && `: ${message}`),
    "What is left": left.length ? `${sentence(left.map((kind) => HELD[kind]).join(", "))} When the user deletes the server, nothing of it stays.`
      : status === "ACTIVE" ? "what the server needs" : "nothing",
  });

  class Stopped extends Error {}

  class WhatIf {
    constructor(panel) {
      this.panel = panel;
      this.figure = panel.closest("figure");
      this.buttons = Object.entries(FAULTS).map(([how, [words]]) => {
        return make("button", { type: "button", className: "os-whatif-button", textContent: words, "data-how": how, onclick: () => this.ask(how) });
      });
      const choice = make("div", { className: "os-whatif-choice", role: "group", "aria-label": "What goes wrong with this message" }, ...this.buttons);
      this.runs = make("button", { type: "button", className: "os-run-button", textContent: "Run it", hidden: true, onclick: () => this.run() });
      this.stops = make("button", { type: "button", className: "os-run-button", textContent: "Stop", "aria-label": "Stop this boot", hidden: true });
      this.status = make("p", { className: "os-run-status", role: "status" });
      this.said = make("div");
      this.inside = make("details", { className: "os-inside", hidden: true });
      this.inside.addEventListener("toggle", () => this.draw());
      this.fold = make("details", { className: "os-whatif", hidden: true },
        make("summary", { textContent: "What if this message goes wrong?" }),
        make("div", { className: "os-whatif-all" }, choice, this.said, make("div", { className: "os-whatif-run" }, this.runs, this.stops, this.status)));
      this.figure.after(this.inside);
      panel.querySelector(".os-player-now").append(this.fold);
      panel.addEventListener("step", ({ detail }) => this.at(detail));
    }

    get flow() { return this.panel.dataset.flow; }

    at(step) {
      this.step = step;
      this.fold.hidden = !step.if;
      this.buttons.find(({ dataset }) => dataset.how === "stop").textContent = step.answer ? STOPS_SENDER : FAULTS.stop[0];
      this.clear();
    }

    clear() {
      this.how = this.got = undefined;
      this.buttons.forEach((button) => button.setAttribute("aria-pressed", false));
      this.runs.hidden = this.inside.hidden = true;
      this.inside.open = false;
      this.said.replaceChildren();
      this.is("");
      this.unmark();
    }

    is(text, kind = "") {
      this.status.textContent = text;
      this.status.className = `os-run-status ${kind}`;
    }

    /* Say what comes of it. */
    ask(how) {
      if (this.runs.hasAttribute("aria-disabled")) return;
      this.clear();
      this.how = how;
      this.buttons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.how === how));
      this.table();
      this.mark(this.step.if[how][0]);
      this.runs.hidden = !globalThis.oslearn;
      this.is(`That is what the tests found.${globalThis.oslearn ? " Try it." : ""}`); // from a file, run.js has said how
    }

    table() {
      const steps = this.panel.dataset.of, before = told(this.step.if[this.how], steps), after = this.got && told(this.got.came, steps, this.got.message);
      const head = (text, scope) => make("th", { textContent: text, scope });
      const rows = Object.keys(before).map((what) => make("tr", {}, head(what, "row"),
        make("td", { textContent: before[what] }), ...(after ? [make("td", { textContent: after[what] })] : [])));
      const heads = ["", "Foretold", ...(after ? ["This run"] : [])].map((text) => (text ? head(text, "col") : make("td")));
      const table = make("table", { className: "os-whatif-table" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
      this.said.replaceChildren(table);
    }

    async run() {
      if (this.runs.hasAttribute("aria-disabled")) return;
      const { step, how } = this, isAsked = () => this.step === step && this.how === how; // the reader may have gone on
      this.runs.setAttribute("aria-disabled", true);
      this.stops.hidden = false;
      this.is("Running");
      let tab, isStopped = false;
      const stopped = new Promise((_, rejects) => {
        this.stops.onclick = () => {
          isStopped = true;
          tab?.stop();
          rejects(new Stopped());
        };
      });
      const asks = async () => {
        tab = await globalThis.oslearn.tab();
        if (isStopped) return undefined; // before there was anything to stop
        tab.addEventListener("state", watch);
        return tab.ask("whatif", this.flow, step.n, how);
      };
      const watch = () => {
        if (!isAsked()) return;
        if (tab.state === "load") this.is(`Loading Python and the cloud, once${tab.part ? ` ${Math.round(100 * tab.part)} %` : ""}`);
        else if (tab.state === "busy") this.is("Running");
      };
      try {
        const got = await Promise.race([stopped, asks()]);
        if (isAsked()) this.shows(got);
      } catch (error) {
        if (isAsked()) this.is(error instanceof Stopped ? "Stopped. The page's cloud is as it was before." : `That did not work: ${error.message}`, "os-run-other");
      } finally {
        tab?.removeEventListener("state", watch);
        this.runs.removeAttribute("aria-disabled");
        const hadFocus = document.activeElement === this.stops;
        this.stops.hidden = true;
        if (hadFocus) this.runs.focus();
      }
    }

    shows(got) {
      this.got = got;
      this.table();
      this.mark(got.came[0]);
      const same = JSON.stringify(got.came) === JSON.stringify(this.step.if[this.how]) && !got.stays.length;
      this.is(`Ran in ${took(got.ms)}. ${same ? "As foretold." : "Not as foretold."}`, same ? "os-run-same" : "os-run-other");
      this.inside.replaceChildren(make("summary", { textContent: "What happened in this run" }));
      this.inside.hidden = this.inside.open = false;
    }

    async draw() {
      if (!this.inside.open || this.inside.querySelector("figure")) return;
      try {
        const found = await (await globalThis.oslearn.tab()).ask("whatif_inside", look());
        if (!found) throw new Error("this run is gone");
        const parts = found.svgs.map((svg, n) => make("div", { className: n ? "os-body" : "os-heads", innerHTML: svg }));
        const figure = make("figure", { className: "os-diagram" }, make("div", { className: "os-run-drawing" }, ...parts),
          make("figcaption", { textContent: `${found.title}. ${found.caption}` }));
        this.inside.append(figure);
      } catch (error) {
        this.is(`It cannot be drawn: ${error.message}.`, "os-run-other");
      }
    }

    /* In the drawing: the message with a cross and a word where it ends; what did not come is pale. */
    mark(reached) {
      this.unmark();
      this.figure.querySelectorAll(".msg").forEach((shape) => {
        const n = Number(/\bs(\d+)\b/.exec(shape.getAttribute("class"))?.[1]);
        shape.classList.toggle("uncome", n > reached);
        if (n === this.step.n) this.cross(shape);
      });
    }

    /* It stands where the message ends; of one that nobody is there to send, where it would begin. */
    cross(shape) {
      const line = shape.querySelector(".arrow path");
      if (!line) return;
      const begins = line.getPointAtLength(0), ends = line.getPointAtLength(line.getTotalLength());
      const ahead = ends.x >= begins.x ? 1 : -1, width = shape.ownerSVGElement.viewBox.baseVal.width;
      const unsent = this.how === "stop" && this.step.answer;
      const x = unsent ? begins.x + 11 * ahead : ends.x, { y } = ends;
      const right = unsent ? ahead > 0 : (ahead > 0 || x < 60) && x < width - 60;
      const text = drawn("text", { x: x + (right ? 12 : -12), y: y + 4, "text-anchor": right ? "start" : "end" });
      text.textContent = FAULTS[this.how][1];
      const mark = drawn("g", { class: "os-fault" });
      mark.append(drawn("circle", { cx: x, cy: y, r: 8 }), drawn("path", { d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8` }), text);
      shape.append(mark);
    }

    unmark() {
      this.figure.querySelectorAll(".os-fault").forEach((mark) => mark.remove());
      this.figure.querySelectorAll(".msg.uncome").forEach((shape) => shape.classList.remove("uncome"));
    }
  }

  document.querySelectorAll(".os-player[data-flow]").forEach((panel) => new WhatIf(panel));
});
