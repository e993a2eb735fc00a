/* The player under a sequence diagram. The page works without it: it only lights up what is there.
   Keys, while the player or the drawing has the focus: arrows, Home, End; Space plays in the player. */
"use strict";

const PACE = 2500; // milliseconds a step stays while it plays
const still = matchMedia("(prefers-reduced-motion: reduce)");

class Player {
  constructor(panel) {
    this.panel = panel;
    this.figure = panel.closest("figure");
    this.steps = JSON.parse(panel.querySelector("script").textContent);
    this.at = -1;
    this.timer = 0;
    this.process = panel.querySelector("select");
    this.named = Boolean(this.figure.querySelector("a.msg")); // its steps have paragraphs, so an address can name one
    panel.querySelectorAll("[data-do]").forEach((button) =>
      button.addEventListener("click", () => this[button.dataset.do]()));
    this.process.addEventListener("change", () => this.follow());
    this.figure.addEventListener("keydown", (event) => this.key(event));
    panel.hidden = false;
    this.count();
    if (this.named) this.listens();
  }

  /* Go where the address says. A drawing of the reader's own runs is never named: who listens here stays as long as the page. */
  listens() {
    addEventListener("hashchange", () => this.address());
    // The browser's own jump to the address comes first.
    if (document.readyState === "complete") this.address("instant");
    else addEventListener("load", () => setTimeout(() => this.address("instant")), { once: true });
  }

  /* The places of the steps that are followed. */
  get shown() {
    const who = this.process.value;
    return [...this.steps.keys()].filter((i) => !who || who === this.steps[i].from || who === this.steps[i].to);
  }

  first() { this.stop(); this.go(this.shown[0]); }
  last() { this.stop(); this.go(this.shown.at(-1)); }
  back() { this.stop(); this.go(this.shown.filter((i) => i < this.at).at(-1) ?? this.at); }
  next() { this.stop(); this.forward(); }

  forward() {
    const following = this.shown.find((i) => i > this.at);
    if (following !== undefined) this.go(following);
    return following !== undefined;
  }

  play() {
    if (this.timer) return this.stop();
    if (this.at === this.shown.at(-1)) this.at = -1;
    this.label("Pause", "M7 5v14M17 5v14");
    this.timer = setInterval(() => this.forward() || this.stop(), PACE);
    this.forward();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.label("Play", "M8 5l11 7-11 7z");
  }

  label(text, path) {
    const button = this.panel.querySelector('[data-do="play"]');
    button.setAttribute("aria-label", text);
    button.title = text;
    button.querySelector("path").setAttribute("d", path);
  }

  go(place, behavior = still.matches ? "instant" : "smooth") {
    if (place === undefined || place < 0) return;
    this.at = place;
    const step = this.steps[place];
    this.figure.querySelectorAll(".msg.now").forEach((shape) => shape.classList.remove("now"));
    const shapes = [...this.figure.querySelectorAll(`.msg.s${step.n}`)];
    shapes.forEach((shape) => shape.classList.add("now"));
    const seen = shapes.find((shape) => shape.getClientRects().length);
    const box = seen?.getBoundingClientRect();
    const log = this.figure.closest(".os-term-log"); // in the terminal its own text scrolls, and not the page
    const top = log?.getBoundingClientRect().top ?? 0, high = log?.clientHeight ?? innerHeight;
    if (box && (box.top < top + 120 || box.bottom > this.panel.getBoundingClientRect().top - 10)) {
      (log ?? window).scrollBy({ top: box.top - top - high / 3, behavior });
    }
    this.tell(step);
    if (this.named) history.replaceState(null, "", `#step-${step.n}`);
  }

  tell(step) {
    const now = this.panel.querySelector(".os-player-now");
    now.hidden = false;
    now.querySelector(".os-player-title").textContent = `${step.n}. ${step.from} → ${step.to}: ${step.kind}, ${step.operation}`;
    now.querySelector(".os-player-words").innerHTML = step.text;
    const payload = typeof step.payload === "string" ? step.payload : JSON.stringify(step.payload, null, 2);
    now.querySelector("pre").textContent = (step.code ? `${step.code}\n` : "") + payload;
    this.count();
    this.panel.dispatchEvent(new CustomEvent("step", { detail: step }));
  }

  count() {
    const shown = this.shown;
    const place = shown.indexOf(this.at);
    this.panel.querySelector(".os-player-count").textContent =
      place < 0 ? `${shown.length} step${shown.length === 1 ? "" : "s"}` : `${place + 1} of ${shown.length}`;
  }

  /* Light up one process's messages only. */
  follow() {
    this.stop();
    const kept = new Set(this.shown.map((i) => this.steps[i].n));
    this.steps.forEach(({ n }) =>
      this.figure.querySelectorAll(`.msg.s${n}`).forEach((shape) => shape.classList.toggle("aside", !kept.has(n))));
    if (!this.shown.includes(this.at)) this.at = -1;
    this.count();
  }

  /* #step-12 in the address, also of a link in the page. */
  address(behavior) {
    const named = /^#step-(\d+)$/.exec(location.hash);
    const place = named ? this.steps.findIndex((step) => step.n === Number(named[1])) : -1;
    if (place >= 0 && place !== this.at) this.go(place, behavior);
  }

  key(event) {
    const inPanel = this.panel.contains(event.target);
    if (event.target.matches("select, pre, summary") || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = { ArrowRight: "next", ArrowDown: "next", ArrowLeft: "back", ArrowUp: "back", Home: "first", End: "last" }[event.key]
      ?? (event.key === " " && inPanel && !event.target.matches("button") ? "play" : null);
    if (!does) return;
    event.preventDefault();
    event.stopPropagation(); // the theme's own arrow keys turn the page
    this[does]();
  }
}

document.querySelectorAll(".os-player").forEach((panel) => new Player(panel));
