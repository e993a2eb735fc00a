/* The terminal: what was said, and one line to type in. A dock at the lower edge of a page, or a page of its own. */
/* global button, kept, keptForNow, make */
import { inside } from "./inside.mjs";
import { CloudMap } from "./map.mjs";
import { loading, printed } from "./printed.mjs";

const KEPT = 200; // commands in the history, and entries of the log
const SHOWN = 60; // words that are offered at once
const HELP = `openstack ...   the real client, for example: openstack server list
oslearn ...     trace, check, lab, reach, processes, stop, start, whatif
python          a Python prompt with the page's names; exit() leaves it
clear, history, help

Several commands in a line: | && || ; > >> < $(...)
Tab             completes a command, an option or a name; on an empty line it moves on
Up, Down        the commands before
Ctrl-C          stops what runs, or clears the line
Ctrl-L          clears the screen
Escape          closes the terminal

The programs:`;

/* What was typed before: in the reader's own cloud it stays as the cloud does, else as long as the browser's session. */
class History {
  constructor(tab) {
    this.tab = tab;
    this.lines = (this.place.parsed("history", Array) ?? []).filter((line) => typeof line === "string");
    this.at = this.lines.length;
  }

  get place() { return this.tab.mine ? kept : keptForNow; }

  add(line) {
    if (line.trim() && line !== this.lines.at(-1)) this.lines.push(line);
    this.lines = this.lines.slice(-KEPT);
    this.at = this.lines.length;
    this.place.write("history", JSON.stringify(this.lines));
  }

  go(by) {
    this.at = Math.max(0, Math.min(this.lines.length, this.at + by));
    return this.lines[this.at] ?? "";
  }
}

export class Terminal {
  constructor(page) {
    this.page = page;
    this.history = new History(page.tab);
    this.waiting = []; // lines that were pasted, or typed while one runs
    this.begun = ""; // lines of a command that goes on
    this.language = "console";
    this.log = make("div", { className: "os-term-log", role: "log", tabIndex: 0, "aria-label": "What was typed and said" });
    this.before = make("pre", { className: "os-term-begun", hidden: true });
    this.prompt = make("span", { className: "os-term-prompt", textContent: "$ ", "aria-hidden": "true" });
    this.input = make("input", { className: "os-term-input", type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: false, enterKeyHint: "go", "aria-label": "Command" });
    this.offer = make("p", { className: "os-term-offer", role: "status" });
    this.form = make("form", { className: "os-term-line" }, this.prompt, this.input);
    this.place = make("div", { className: "os-term" }, this.log, this.before, this.form, this.offer);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.isBusy) this.waits();
      else this.enter();
    });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("input", () => { this.offer.textContent = ""; });
    this.input.addEventListener("paste", (event) => this.paste(event));
    this.log.addEventListener("click", () => { if (getSelection().isCollapsed && !this.log.contains(document.activeElement.closest("button, summary, pre, select, a"))) this.input.focus(); });
  }

  /* --- keys --- */

  key(event) {
    const { key, ctrlKey } = event;
    const does = ctrlKey ? { c: "interrupt", l: "clear", d: "leave" }[key.toLowerCase()]
      : event.shiftKey || event.altKey || event.metaKey ? null
      : { ArrowUp: "older", ArrowDown: "newer", Tab: "complete" }[key];
    if (!does || this[does](event) === false) return;
    event.preventDefault();
  }

  older() { this.line(this.history.go(-1)); }
  newer() { this.line(this.history.go(1)); }

  line(text) {
    this.input.value = text;
    this.input.setSelectionRange(text.length, text.length);
    this.offer.textContent = "";
  }

  /* Stop what runs; else leave the line. What is marked is copied, as everywhere. */
  interrupt() {
    const { selectionStart, selectionEnd } = this.input;
    if (!getSelection().isCollapsed || selectionStart !== selectionEnd) return false;
    this.waiting = [];
    if (this.isBusy) return this.page.stop();
    this.says([{ source: `${this.begun}${this.input.value}^C`, got: "", kinds: [] }]);
    this.goes("");
    return this.line("");
  }

  clear() { this.log.replaceChildren(); }

  leave() {
    if (this.language === "console" || this.input.value) return false;
    return this.speaks("console");
  }

  /* On an empty line the key moves on, as it does everywhere: nobody is caught here. */
  complete() {
    const { value, selectionStart: at } = this.input;
    if (!value.slice(0, at).trim() || this.isBusy || this.language !== "console") return false;
    this.offers(value, at);
    return true;
  }

  async offers(value, at) {
    const { start, words, error } = await this.page.tab.ask("complete", value, at).catch(({ message }) => ({ error: message }));
    if (this.input.value !== value) return; // somebody typed on
    if (error) {
      this.offer.textContent = error;
      return;
    }
    const common = words.reduce((one, other) => {
      let same = 0;
      while (same < one.length && one[same] === other[same]) same += 1;
      return one.slice(0, same);
    }, words[0] ?? "");
    const put = words.length === 1 && !/[/=]$/.test(common) ? `${common} ` : common;
    if (put.length > at - start) this.input.setRangeText(put, start, at, "end");
    const rest = words.length > SHOWN ? ` and ${words.length - SHOWN} more` : "";
    this.offer.textContent = !words.length ? "Nothing begins so." : words.length > 1 ? `${words.slice(0, SHOWN).join("  ")}${rest}` : "";
  }

  /* Several lines run in turn. */
  paste(event) {
    const text = event.clipboardData.getData("text").replaceAll("\r\n", "\n");
    if (!text.includes("\n")) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = this.input;
    const lines = `${value.slice(0, selectionStart)}${text}${value.slice(selectionEnd)}`.split("\n");
    const last = lines.pop();
    this.waiting.push(...lines);
    this.line(last);
    if (!this.isBusy) this.goOn();
  }

  /* A line that is typed while another runs has its turn after it. */
  waits() {
    this.waiting.push(this.input.value);
    this.line("");
    this.queue();
  }

  /* --- running --- */

  enter() {
    const { value } = this.input;
    this.line("");
    return this.runs(value);
  }

  async goOn() {
    if (!this.waiting.length) return undefined;
    const line = this.waiting.shift();
    this.queue();
    return this.runs(line);
  }

  queue() { this.offer.textContent = this.waiting.length ? `Next: ${this.waiting.join("; ")}` : ""; }

  async runs(typed) {
    const line = typed.replace(this.language === "console" ? /^\$ / : /^(>>>|\.\.\.) /, "");
    this.history.add(line);
    const own = this.begun ? undefined : this.own[this.language][line.trim()];
    if (own !== undefined) {
      own(line);
      return this.goOn();
    }
    if (!line.trim() && !this.begun) return this.goOn();
    const text = this.begun + line;
    this.busy(true);
    try {
      const { more, done } = await this.page.tab.ask("typed", this.language, text);
      this.goes(more ? `${text}\n` : "");
      if (!more) {
        const entry = this.says(done);
        const happened = await this.page.tab.ask("happened");
        if (happened) entry.append(inside(this.page.tab, happened, done));
        this.ends();
        this.page.ran();
      }
    } catch (error) {
      this.waiting = [];
      this.queue();
      this.goes("");
      this.says([{ source: text, got: error.message, kinds: ["os-e"] }]);
    } finally {
      this.busy(false);
    }
    return this.goOn();
  }

  /* What the terminal itself does. */
  get own() {
    const [enters, leaves] = ["pycon", "console"].map((language) => (line) => this.speaks(language, line));
    return {
      console: {
        clear: () => this.clear(),
        history: () => this.tells("history", this.history.lines.map((line, n) => `${String(n + 1).padStart(4)}  ${line}`).join("\n")),
        help: () => this.helps(),
        python: enters, python3: enters,
        exit: () => this.page.dock.close(),
      },
      pycon: { "exit()": leaves, "quit()": leaves, exit: leaves, quit: leaves },
    };
  }

  async helps() {
    this.busy(true);
    try {
      const { words } = await this.page.tab.ask("complete", "", 0);
      this.tells("help", `${HELP} ${words.join(" ")}`);
    } catch (error) {
      this.tells("help", `${HELP} ${error.message}`);
    } finally {
      this.busy(false);
    }
  }

  tells(source, got) { this.says([{ source, got, kinds: got.split("\n").map(() => "os-o os-k") }]); }

  /* What leads there is in the log, as all that was typed. */
  speaks(language, line = "") {
    if (line) this.says([{ source: line, got: "", kinds: [] }]);
    this.language = language;
    this.goes("");
    this.input.setAttribute("aria-label", language === "pycon" ? "Python; exit() leaves it" : "Command");
    this.offer.textContent = language === "pycon" ? "Python, with the page's names. exit() leads back." : "";
  }

  /* The command goes on in the next line. */
  goes(begun) {
    this.begun = begun;
    this.before.textContent = begun;
    this.before.hidden = !begun;
    this.prompt.textContent = { console: ["$ ", "> "], pycon: [">>> ", "... "] }[this.language][Number(Boolean(begun))];
  }

  says(done) {
    const entry = make("div", { className: "os-term-entry" }, printed(done, this.language === "pycon", "Command and answer"));
    this.log.append(entry);
    while (this.log.children.length > KEPT) this.log.firstElementChild.remove();
    this.ends();
    return entry;
  }

  ends() { this.log.scrollTop = this.log.scrollHeight; }

  busy(is) {
    this.isBusy = is;
    this.place.setAttribute("aria-busy", String(is));
    this.page.dock.busy(is);
  }
}

/* Where the terminal and the map are. */
export class Dock {
  constructor(page, place, opener) {
    this.page = page;
    this.full = Boolean(place);
    this.opener = opener;
    this.terminal = new Terminal(page);
    this.map = new CloudMap(page.tab);
    this.status = make("span", { className: "os-run-status", role: "status" });
    this.progress = make("progress", { max: 1, hidden: true, "aria-label": "Loaded of Python and the cloud" });
    this.stops = button("Stop", "Stop what runs", () => page.stop());
    this.stops.hidden = true;
    this.maps = button("Map", "Map of the cloud", () => this.showMap(this.map.place.hidden));
    this.bar = make("div", { className: "os-dock-bar" },
      make("strong", { textContent: "Terminal" }), make("span", { className: "os-dock-cloud" }), this.stops, this.progress, this.status,
      make("span", { className: "os-dock-tools" }, this.maps,
        button("Copy", "Copy all that was typed and said", () => this.copy())));
    this.panes = make("div", { className: "os-dock-panes" }, this.terminal.place, this.map.place);
    this.place = make("section", { className: this.full ? "os-dock os-dock-full" : "os-dock", "aria-label": "Terminal" }, this.bar, this.panes);
    if (this.full) place.replaceChildren(this.place);
    else this.docked();
    this.greets();
    this.showMap(keptForNow.read("map") === "shown" || (this.full && innerWidth > 1000));
    page.addEventListener("ran", () => this.map.refresh());
    page.tab.addEventListener("state", () => this.state());
  }

  /* At the lower edge of the page: as high as the reader wants it, and closed by Escape. */
  docked() {
    this.size = make("div", { className: "os-dock-size", role: "separator", tabIndex: 0, "aria-orientation": "horizontal", "aria-label": "Height of the terminal", "aria-valuemin": 20, "aria-valuemax": 90 });
    this.place.prepend(this.size);
    this.bar.lastChild.append(
      make("a", { className: "os-run-button", href: new URL("terminal.html", this.page.root).href, textContent: "Own page" }),
      button("Close", "Close the terminal", () => this.close()));
    this.size.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 5, ArrowDown: -5, Home: -100, End: 100 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      this.height(this.high + by);
    });
    this.size.addEventListener("pointerdown", (event) => {
      this.size.setPointerCapture(event.pointerId);
      this.size.onpointermove = ({ clientY }) => this.height(100 * (1 - clientY / innerHeight));
      this.size.onlostpointercapture = () => { this.size.onpointermove = null; };
    });
    this.place.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      if (this.terminal.offer.textContent) this.terminal.offer.textContent = "";
      else this.close();
    });
    this.height(Number(keptForNow.read("high")) || (innerWidth < 736 ? 65 : 45));
    this.place.hidden = true;
    document.body.append(this.place);
  }

  height(percent) {
    this.high = Math.round(Math.max(20, Math.min(90, percent)));
    this.size.setAttribute("aria-valuenow", this.high);
    this.size.setAttribute("aria-valuetext", `${this.high} percent of the window`);
    document.documentElement.style.setProperty("--os-dock-high", `${this.high}vh`);
    keptForNow.write("high", this.high);
  }

  open(takes) {
    this.place.hidden = false;
    if (!this.full) {
      document.documentElement.classList.add("os-docked");
      keptForNow.write("dock", "open");
    }
    if (takes) this.terminal.input.focus({ preventScroll: true });
    this.map.refresh();
  }

  close() {
    if (this.full) return this.terminal.tells("exit", "This page is the terminal: close the page to leave it.");
    this.place.hidden = true;
    document.documentElement.classList.remove("os-docked");
    keptForNow.write("dock", "");
    this.opener?.focus();
  }

  showMap(is) {
    this.map.place.hidden = !is;
    this.panes.classList.toggle("os-with-map", is);
    this.maps.setAttribute("aria-pressed", String(is));
    if (is && this.high && innerWidth < 736) this.height(Math.max(this.high, 85)); // both have room
    keptForNow.write("map", is ? "shown" : "");
    this.map.refresh();
  }

  greets() {
    const small = navigator.deviceMemory <= 2 ? " It needs about half a gigabyte of memory, which is much for this device." : "";
    this.terminal.log.append(make("p", { className: "os-term-hello", textContent: `A cloud in this page: nothing of it leaves your browser. The first command brings Python and the cloud. You are the user demo; export OS_CLOUD=oslearn-admin makes you the operator, and help says what else is there.${small}` }));
  }

  busy(is) {
    this.stops.hidden = !is;
    this.status.textContent = is ? "Running" : "";
  }

  state() {
    const { tab } = this.page;
    const loads = ["load", "restore"].includes(tab.state);
    if (loads && this.status.textContent !== loading(tab)) this.status.textContent = loading({ state: tab.state });
    if (tab.state === "open") this.status.textContent = "";
    this.progress.hidden = tab.state !== "load";
    this.progress.value = tab.part;
  }

  async copy() {
    const text = [...this.terminal.log.querySelectorAll(".os-l")].map((line) => line.textContent).join("");
    try {
      await navigator.clipboard.writeText(text);
      this.status.textContent = "Copied.";
    } catch { // no secure context, or it is refused
      this.status.textContent = "This browser does not let a page copy; mark the text.";
    }
  }
}
