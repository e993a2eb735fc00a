/* What a page does once somebody has pressed Run; run.js, which every page loads, brings it. */
const folder = new URL("./", import.meta.url).href;

class Stopped extends Error {}

/* The worker, and the answers that it owes. */
class Python {
  constructor(now, say) {
    const address = new URL("worker.mjs", folder);
    address.searchParams.set("labs", JSON.stringify(now.labs));
    address.searchParams.set("size", now.size);
    this.waiting = new Map();
    this.count = 0;
    this.worker = new Worker(address, { type: "module", name: "oslearn" });
    this.worker.onmessage = ({ data }) => {
      if (data.state) return say(data);
      const asked = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("error" in data) asked.reject(new Error(data.error));
      else asked.resolve(data.result);
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.end(new Error(event.message || "a file of the site's _tab folder cannot be loaded"));
    };
  }

  ask(call, ...args) {
    return new Promise((resolve, reject) => {
      this.waiting.set(++this.count, { resolve, reject });
      this.worker.postMessage({ id: this.count, call, args });
    });
  }

  end(error) {
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

/* The page's examples and their one cloud. */
export class Tab {
  constructor(now, blocks, lab) {
    this.now = now;
    this.blocks = blocks;
    this.lab = lab;
    this.line = Promise.resolve(); // one after the other
    addEventListener("pagehide", () => this.stop());
  }

  /* Run the block, after those above it that its cloud has not seen. */
  run(block) {
    this.line = this.line.catch(() => {}).then(() => this.running(block));
    return this.line;
  }

  async running(block) {
    const above = this.blocks.slice(0, this.blocks.indexOf(block)).filter((one) => !one.done && one.language === block.language);
    for (const one of [...above, block]) {
      one.starts(above.length && one === block ? "" : one === block ? "" : `for example ${block.number}`);
      try {
        await this.opened((state) => block.waits(state));
        one.shows(await this.python.ask("run", one.language, one.text));
        one.draws(await this.python.ask("inside", innerWidth < 736 ? "narrow" : "wide"));
      } catch (error) {
        const stopped = error instanceof Stopped;
        if (!stopped && !this.isOpen) this.forget();
        one.fails(error.message);
        if (one !== block) block.fails(`Example ${one.number}, above, did not run.`);
        return;
      }
    }
    if (!this.isWhole) {
      this.isWhole = true;
      this.python.ask("late").catch(() => {}); // what no page has asked for so far: without it most goes on
    }
  }

  async opened(say) {
    if (this.isOpen) return;
    this.python ??= new Python(this.now, say);
    await this.python.ask("begin", this.lab);
    this.isOpen = true;
  }

  /* A new cloud, as the lesson expects it. */
  async reset() {
    await this.line.catch(() => {});
    for (const block of this.blocks) block.clears();
    if (this.isOpen) await this.python.ask("begin", this.lab);
  }

  /* What runs cannot be interrupted: its Python ends, and with it the cloud. */
  stop() {
    this.python?.end(new Stopped("Stopped. The page's next run begins with a new cloud."));
    this.forget();
    for (const block of this.blocks) block.done = false;
  }

  forget() {
    this.python = undefined;
    this.isOpen = this.isWhole = false;
  }
}
