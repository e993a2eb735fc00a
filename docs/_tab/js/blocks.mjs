/* The page's examples once somebody has used one of them: run, edit, run again, all above, stop.
   run.js, which every page loads, has made their first buttons and brings this. */
/* global button, make, took */
import { inside } from "./inside.mjs";
import { choice, Mine } from "./mine.mjs";
import { loading, printed, time } from "./printed.mjs";
import { Stopped, Tab } from "./tab.mjs";

/* The lines of a block that are a command's, without prompts; a backslash at its end continues one. */
function commands(text) {
  let goesOn = false;
  return text.split("\n").flatMap((line) => {
    const isOurs = goesOn || line.startsWith("$ ");
    goesOn = isOurs && line.endsWith("\\");
    return isOurs ? [line.replace(/^\$ /, "")] : [];
  });
}

class Block {
  constructor(page, { host, number, bar, run, edit, status }) {
    Object.assign(this, { page, host, number, bar, status });
    this.runs = run;
    this.edits = edit;
    this.language = host.classList.contains("highlight-pycon") ? "pycon" : "console";
    this.text = host.querySelector("pre").textContent;
    this.progress = make("progress", { max: 1, hidden: true, "aria-label": "Loaded of Python and the cloud" });
    this.stops = button("Stop", `Stop example ${number}`, () => page.stop());
    this.restores = button("Restore", `Restore example ${number} as the page has it`, () => this.restore());
    this.more = make("span", { className: "os-run-more", hidden: true },
      button("Run all above", `Run all examples down to ${number} again, in a new cloud`, () => page.again(this)),
      button("Reset", "Reset: a new cloud for this page", () => page.reset(this)));
    this.stops.hidden = this.restores.hidden = true;
    edit.before(this.stops);
    edit.after(this.restores);
    edit.parentElement.after(this.more, this.progress);
    this.out = make("div", { className: "os-run-out", hidden: true });
    this.inside = make("div");
    bar.after(this.out, this.inside);
  }

  /* --- editing --- */

  /* The commands alone, without prompts and answers. */
  get source() {
    if (this.language === "console") return commands(this.text).join("\n");
    return this.text.split("\n").filter((line) => /^(>>>|\.\.\.)/.test(line)).map((line) => line.slice(4)).join("\n");
  }

  edit() {
    if (this.area) return this.area.focus();
    const value = this.source;
    const what = this.language === "console" ? "Commands, one a line" : "Python";
    this.area = make("textarea", { className: "os-run-area", value, rows: Math.min(24, value.split("\n").length + 1), spellcheck: false, autocapitalize: "off", "aria-label": `${what}, of example ${this.number}` });
    this.hint = make("p", { className: "os-run-hint", textContent: `${what}. Ctrl+Enter runs it. The Tab key moves on.` });
    this.area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.page.run(this);
    });
    this.host.hidden = true;
    this.host.after(this.area, this.hint);
    this.edits.hidden = true;
    this.restores.hidden = false;
    this.area.focus();
  }

  restore() {
    this.area.remove();
    this.hint.remove();
    this.area = this.hint = undefined;
    this.host.hidden = false;
    this.edits.hidden = false;
    this.restores.hidden = true;
    this.edits.focus();
  }

  /* The call that runs it; what a reader wrote stands last. */
  get asked() {
    if (!this.area) return ["run", this.language, this.text];
    return this.language === "pycon" ? ["run", "code", this.area.value] : ["edited", this.text, this.area.value];
  }

  /* How many lines it printed more than the page shows. */
  beyond(done) {
    const filled = (lines) => lines.filter((line) => line.trim()).length;
    const lines = this.text.split("\n");
    const shown = this.language === "pycon" ? filled(lines.filter((line) => !/^(>>>|\.\.\.)/.test(line))) : filled(lines) - filled(commands(this.text));
    return filled(done.flatMap(({ got }) => got.split("\n"))) - shown;
  }

  /* --- running --- */

  is(text, kind = "") {
    this.status.textContent = text;
    this.status.className = `os-run-status ${kind}`;
  }

  begins(words) {
    this.runs.setAttribute("aria-disabled", "true");
    this.bar.setAttribute("aria-busy", "true");
    this.stops.hidden = false;
    this.is(words);
  }

  waits(tab) {
    if (this.status.textContent !== loading(tab)) this.is(loading(tab));
    this.progress.hidden = tab.state !== "load" || !tab.part;
    this.progress.value = tab.part;
  }

  shows(done) {
    const other = done.filter((one) => one.same === false).length;
    const compared = done.some((one) => one.same !== null);
    const out = printed(done, this.language === "pycon", `Output of example ${this.number}`);
    const more = this.beyond(done), isShown = compared && !other && !this.area && more <= 0; // the page has it above
    this.out.replaceChildren(isShown ? make("details", {}, make("summary", { textContent: "The output, as above" }), out) : out);
    this.out.hidden = false;
    const dots = more > 0 && !this.area && this.text.includes("...") ? `, where ... stands for ${more} more line${more > 1 ? "s" : ""}` : "";
    const said = other ? `${other} of ${done.length} differ${other > 1 ? "" : "s"} from the page.` : `The same as on the page${dots}.`;
    this.is(`Ran in ${took(time(done))}.${compared ? ` ${said}` : ""}`, !compared ? "" : other ? "os-run-other" : "os-run-same");
    this.ends();
    this.done = true;
  }

  fails(error) {
    this.is(error instanceof Stopped ? error.message : `That did not work: ${error.message}`, "os-run-other");
    this.ends();
  }

  ends() {
    this.runs.removeAttribute("aria-disabled");
    this.bar.removeAttribute("aria-busy");
    this.runs.textContent = "Run again";
    this.stops.hidden = this.progress.hidden = true;
    this.more.hidden = false;
    if (document.activeElement === document.body) this.runs.focus(); // the button that had it is gone
  }

  clears() {
    this.done = false;
    this.out.hidden = this.more.hidden = true;
    this.inside.replaceChildren();
    this.runs.textContent = "Run";
    this.is("");
  }
}

/* The page's examples, its terminal and their one cloud. "ran" is told when a command has ended. */
export class Page extends EventTarget {
  constructor(now, bars, lab, root) {
    super();
    this.root = root;
    this.tab = new Tab(now, lab);
    this.blocks = bars.map((bar) => new Block(this, bar));
    bars[0]?.bar.after(choice(this, root));
    if (bars[0]) bars[0].status.textContent = ""; // the line below it says which cloud
    const mine = document.querySelector(".os-mine");
    if (mine) new Mine(this, mine);
    this.line = Promise.resolve(); // one after the other
    this.stopped = 0;
    this.tab.addEventListener("cloud", ({ detail }) => {
      if (detail) for (const block of this.blocks) block.done = false;
      this.ran();
    });
    this.tab.addEventListener("lost", () => { for (const block of this.blocks) if (block.language === "pycon") block.done = false; }); // their names are gone
  }

  ran() { this.dispatchEvent(new Event("ran")); }

  /* Run the block, after those above it that its cloud has not seen. */
  run(block) {
    if (block.runs.hasAttribute("aria-disabled")) return this.line;
    block.begins("Waiting for the one before");
    const stopped = this.stopped;
    return this.line = this.line.then(() => (stopped === this.stopped ? this.running(block) : block.fails(new Stopped("Stopped."))));
  }

  async running(block) {
    const watch = () => { if (["load", "restore"].includes(this.tab.state)) block.waits(this.tab); };
    this.tab.addEventListener("state", watch);
    const above = this.tab.mine ? [] // who has a cloud of their own goes on in it
      : this.blocks.slice(0, this.blocks.indexOf(block)).filter((one) => !one.done && one.language === block.language);
    block.begins("Running");
    try {
      for (const one of above) {
        block.is(`Running example ${one.number}, above`);
        await this.once(one);
      }
      block.is("Running");
      await this.once(block);
    } catch (error) {
      block.fails(error);
    } finally {
      this.tab.removeEventListener("state", watch);
    }
    this.ran();
  }

  async once(block) {
    const { asked } = block;
    if (!asked.at(-1).trim()) throw new Error("there is no command in it");
    block.begins("Running");
    try {
      const done = await this.tab.ask(...asked);
      block.shows(done);
      const happened = await this.tab.ask("happened");
      block.inside.replaceChildren(...(happened ? [inside(this.tab, happened, done, ", in your run")] : []));
    } catch (error) {
      block.fails(error);
      throw error;
    }
  }

  async again(block) {
    if (await this.reset(block)) await this.run(block);
  }

  /* A new cloud, as `block` asks; whether there is one. */
  reset(block) {
    return this.line = this.line.then(async () => {
      try {
        await this.tab.reset();
      } catch (error) {
        block.fails(error);
        return false;
      }
      for (const one of this.blocks) one.clears();
      this.ran();
      return true;
    });
  }

  stop() {
    this.stopped += 1;
    this.tab.stop();
  }

  /* The terminal, which comes with its own file; it takes the focus if somebody asked for it. */
  async terminal(place, opener, takes) {
    const { Dock } = await import("./terminal.mjs").catch(async (error) => { throw await this.tab.why(error); });
    this.dock ??= new Dock(this, place, opener);
    this.dock.open(takes);
  }
}
