/* The score that plays: each message lights up in its turn, with words about it. The picture is whole without it.
   It begins once it is seen; who wants less motion presses Play. A click into the drawing goes to that message. */
"use strict";

const TEMPO = 1100; // milliseconds a message
const PATHS = { Play: "M8 5l11 7-11 7z", Pause: "M8 5v14M16 5v14" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

class Score {
  constructor(figure) {
    this.figure = figure;
    this.pictures = [...figure.querySelectorAll("svg[viewBox]")].filter((svg) => svg.querySelector(".message"));
    this.pictures.forEach((svg) => this.prepare(svg));
    this.steps = [...this.pictures[0].querySelectorAll(".message title")].map((title) => {
      const [, from, to, what] = /^\d+\. (\S+) to (\S+): (.*)$/s.exec(title.textContent);
      return { from, to, what, service: title.parentNode.classList[1] };
    });
    this.rows = [...this.pictures[0].querySelectorAll(".process text")].map((text) => text.textContent);
    this.parts = [...figure.querySelectorAll(".os-parts li")];
    this.panel = figure.querySelector(".os-now");
    this.words = this.panel.querySelector(".os-now-words");
    this.at = -1;
    this.timer = 0;
    this.panel.querySelectorAll("button").forEach((button) => button.addEventListener("click", () => this[button.dataset.do]()));
    this.panel.addEventListener("keydown", (event) => this.key(event));
    this.panel.hidden = false;
    this.show();
    if (!calm.matches) this.wait();
  }

  /* Begin a moment after the drawing has come into view, unless the reader was faster. */
  wait() {
    new IntersectionObserver(([seen], watch) => {
      if (!seen.isIntersecting) return;
      watch.disconnect();
      setTimeout(() => this.touched || this.run(), TEMPO);
    }, { threshold: 0.35 }).observe(this.figure.querySelector(".os-score-picture"));
  }

  /* A bar of light that stands behind the present message; and a click leads to the message below it. */
  prepare(svg) {
    const places = [...svg.querySelectorAll(".message circle")].map((circle) => Number(circle.getAttribute("cx")));
    const { width, height } = svg.viewBox.baseVal;
    const light = document.createElementNS(svg.namespaceURI, "rect");
    const wide = places[1] - places[0];
    Object.entries({ class: "light", x: -wide / 2, y: 0, width: wide, height }).forEach(([name, value]) => light.setAttribute(name, value));
    svg.querySelector(".process").before(light);
    svg.places = places;
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect();
      const x = (event.clientX - box.left) * width / box.width;
      this.stop();
      this.go(places.reduce((best, place, n) => (Math.abs(place - x) < Math.abs(places[best] - x) ? n : best), 0));
    });
  }

  play() { if (this.timer) this.stop(); else this.run(); }
  back() { this.stop(); this.go(Math.max(0, this.at - 1)); }
  next() { this.stop(); this.forward(); }
  first() { this.stop(); this.go(0); }
  last() { this.stop(); this.go(this.steps.length - 1); }

  key(event) {
    const name = { ArrowLeft: "back", ArrowRight: "next", Home: "first", End: "last" }[event.key];
    if (!name || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this[name]();
  }

  /* While it plays, a screen reader reads the page and not each of the messages. */
  run() {
    this.words.setAttribute("aria-live", "off");
    this.timer = setInterval(() => this.forward(), TEMPO);
    this.label("Pause");
    this.forward();
  }

  stop() {
    this.touched = true;
    clearInterval(this.timer);
    this.timer = 0;
    this.label("Play");
    this.words.setAttribute("aria-live", "polite");
  }

  label(name) {
    const button = this.panel.querySelector("[data-do=play]");
    button.setAttribute("aria-label", name);
    button.querySelector("path").setAttribute("d", PATHS[name]);
  }

  /* After the last message the whole score lights up, and the next step is the first again. */
  forward() {
    const last = this.at === this.steps.length - 1;
    if (last) this.stop();
    this.go(last ? -1 : this.at + 1, last);
  }

  go(at, over = false) { this.at = at; this.show(over); }

  show(over = false) {
    const step = this.steps[this.at];
    this.figure.classList.toggle("playing", Boolean(step));
    this.pictures.forEach((svg) => {
      svg.querySelectorAll(".message").forEach((message, n) => {
        message.classList.toggle("is", n === this.at);
        message.classList.toggle("was", n < this.at);
      });
      svg.querySelectorAll(".process").forEach((row, n) => row.classList.toggle("is", [step?.from, step?.to].includes(this.rows[n])));
      if (step) svg.querySelector(".light").style.transform = `translateX(${svg.places[this.at]}px)`;
    });
    const now = step && this.parts.findIndex((part) => this.at < Number(part.dataset.last));
    this.parts.forEach((part, n) => {
      part.classList.toggle("is", n === now);
      part.classList.toggle("was", over || n < now);
    });
    this.tell(step, over, this.parts[now]);
  }

  tell(step, over, part) {
    const say = (name, text) => { this.words.querySelector(`.os-now-${name}`).textContent = text; };
    this.words.className = `os-now-words ${step?.service ?? ""}`;
    say("disc", step ? this.at + 1 : over ? "✓" : this.steps.length);
    say("who", step ? `${step.from} → ${step.to}` : over ? "The server runs" : "Watch a server start");
    say("what", step?.what ?? "");
    say("say", part ? part.lastElementChild.textContent : over ? `All of it took ${this.steps.length} messages.`
      : `${this.steps.length} messages between ${this.rows.length} programs.`);
  }
}
document.querySelectorAll(".os-plays").forEach((figure) => new Score(figure));
