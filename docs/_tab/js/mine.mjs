/* Which cloud the page works in: the lesson's, or the reader's own, which this browser keeps; and what one does with that.
   Interface: `new Mine(page, place)` is the panel; `choice(page, root)`, the line beside the examples. */
/* global button, done, make, set, tabsDoTheSame */

const LESSON = "the lesson's cloud", OWN = "my cloud";
const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
const sized = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/* The lessons that are marked as done; course.js, which every page loads, has them. */
const marks = () => [...done].filter((id) => /^day\d\.\d+$/.test(id));

/* The two clouds, as a list to choose from. */
function chooser(tab, fails) {
  const list = make("select", { "aria-label": "Cloud that the page works in" },
    make("option", { value: "", textContent: LESSON }), make("option", { value: "mine", textContent: OWN }));
  const shows = async () => {
    list.value = tab.mine ? "mine" : "";
    list.options[1].disabled = !tab.mine && !await tab.own().catch(() => undefined);
  };
  tab.addEventListener("cloud", shows);
  list.addEventListener("change", () => tab.choose(list.value === "mine").catch((error) => {
    shows();
    fails(error);
  }));
  shows();
  return list;
}

/* Beside the examples: which cloud they run in. */
export function choice({ tab }, root) {
  const status = make("span", { role: "status" });
  const list = chooser(tab, (error) => { status.textContent = `That did not work: ${error.message}`; });
  const twice = make("span", { textContent: tabsDoTheSame(), hidden: !tab.mine });
  tab.addEventListener("cloud", () => {
    status.textContent = `The examples now run in ${tab.mine ? OWN : LESSON}.`;
    twice.hidden = !tab.mine;
  });
  return make("p", { className: "os-mine-line" }, make("label", {}, "Runs in ", list),
    make("a", { href: new URL("terminal.html#my-cloud", root), textContent: "Keep, export, import" }), status, twice);
}

export class Mine {
  constructor(page, place) {
    this.page = page;
    this.tab = page.tab;
    this.status = make("p", { className: "os-run-status", role: "status" });
    this.about = make("p", { className: "os-mine-about" });
    this.file = make("input", { type: "file", accept: ".zip", hidden: true });
    this.file.addEventListener("change", () => this.bring());
    const list = chooser(this.tab, (error) => this.fails(error));
    const does = (text, what) => button(text, text, () => this.does(what));
    this.keeps = does("Keep as my cloud", () => this.keep());
    this.begins = does("Start afresh", () => this.afresh());
    this.buttons = [this.keeps, does("Export", () => this.take()), does("Import", () => this.file.click()), this.begins];
    this.offline = make("p", { className: "os-mine-about" });
    place.replaceChildren(make("p", {}, make("label", {}, "All pages work in ", list)), this.about,
      make("p", { className: "os-mine-buttons" }, ...this.buttons, this.file), this.status, this.offline);
    this.tab.addEventListener("cloud", () => this.shows());
    page.addEventListener("ran", () => this.shows());
    this.shows();
    this.keepsSite();
  }

  is(text, kind = "") {
    this.status.textContent = text;
    this.status.className = `os-run-status ${kind}`;
  }

  fails(error) { this.is(`That did not work: ${error.message}`, "os-run-other"); }

  /* One thing after the other. */
  async does(what) {
    if (this.isBusy) return;
    this.isBusy = true;
    this.buttons.forEach((one) => one.setAttribute("aria-disabled", true));
    try {
      await what();
    } catch (error) {
      this.fails(error);
    } finally {
      this.isBusy = false;
      this.buttons.forEach((one) => one.removeAttribute("aria-disabled"));
    }
  }

  async shows() {
    const own = await this.tab.own().catch(() => undefined);
    const kept = !own ? "You have no cloud of your own yet."
      : Number.isFinite(own.saved) ? `Your cloud was last kept on ${new Date(own.saved).toLocaleString()}.`
      : "What this browser keeps of your cloud is broken.";
    this.begins.hidden = !own && !this.tab.mine;
    this.keeps.hidden = this.tab.mine && this.tab.isStored;
    const here = await this.holds();
    this.about.textContent = this.tab.isStored
      ? `${here}${kept} It lies in this browser, on this machine, and nowhere else: who clears the site's data removes it. An exported file stays.`
      : `${here}This browser keeps nothing for this site, as in a private window: your cloud ends with the page. Export it to keep it.`;
  }

  /* What the page's cloud holds; only one that is open is asked. */
  async holds() {
    if (!this.tab.isOpen) return "";
    try {
      const { servers, networks, volumes, bytes } = await this.tab.ask("holds");
      return `This cloud has ${counted(servers, "server")}, ${counted(networks, "network")} and ${counted(volumes, "volume")}, in ${sized(bytes)}. `;
    } catch {
      return "";
    }
  }

  async keep() {
    const there = await this.tab.own().catch(() => undefined);
    if (there && !await this.sure("Replace your cloud?", "The cloud of this page takes its place. What the one before has is lost.", "Replace it")) return;
    this.is("Keeping it");
    await this.tab.keep();
    this.is(this.tab.isStored ? "Kept. Each page of this site can work in it now." : "It is your cloud as long as this page is open.", "os-run-same");
  }

  async take() {
    this.is("Packing it");
    await this.tab.ask("run", "console", `$ oslearn progress --add "${["done", ...marks()].join(" ")}"\n`).catch((error) => { if (error.gone) throw error; });
    const bytes = await this.tab.take();
    const link = make("a", { href: URL.createObjectURL(new Blob([bytes], { type: "application/zip" })), download: "oslearn-cloud.zip" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.is(`Exported, ${sized(bytes.length)}. Unpack it and start it with: oslearn serve --data oslearn-cloud`, "os-run-same");
  }

  async bring() {
    const [file] = this.file.files;
    if (!file) return;
    await this.does(async () => {
      const there = await this.tab.own().catch(() => undefined);
      if (there && !await this.sure("Replace your cloud?", `The cloud in ${file.name} takes its place. What the one before has is lost.`, "Replace it")) return;
      this.is("Opening it");
      await this.tab.bring(new Uint8Array(await file.arrayBuffer()));
      await this.marked();
      this.is("Imported. It is your cloud now.", "os-run-same");
    });
    this.file.value = "";
  }

  /* The marks that came with the file. */
  async marked() {
    const [said] = await this.tab.ask("run", "console", "$ oslearn progress --line\n");
    const ids = /^done(.*)$/m.exec(said.got)?.[1].trim().split(/\s+/).filter((id) => /^day\d\.\d+$/.test(id)) ?? [];
    if (ids.length) set(ids);
  }

  async afresh() {
    if (!await this.sure("Start afresh?", "Your cloud is removed from this browser, with all that is in it. Export it first if you want it again.", "Remove it")) return;
    await this.tab.remove();
    this.is("Removed. This page works in the lesson's cloud.", "os-run-same");
    await this.shows();
  }

  /* Ask before something is lost. */
  sure(title, words, yes) {
    return new Promise((said) => {
      const asks = make("dialog", { className: "os-mine-asks", "aria-label": title }, make("h2", { textContent: title }), make("p", { textContent: words }));
      const closes = (value) => () => asks.close(value);
      asks.append(make("p", { className: "os-mine-buttons" }, button("Cancel", "Cancel", closes("")), button(yes, yes, closes("yes"))));
      asks.addEventListener("close", () => {
        asks.remove();
        said(asks.returnValue === "yes");
      });
      document.body.append(asks);
      asks.showModal();
    });
  }

  /* Whether the site is here without a network, too. */
  keepsSite() {
    navigator.serviceWorker?.addEventListener("message", ({ data: { offline, part } }) => {
      const words = { part: `This site comes into the browser, so that it works without a network: ${Math.floor(100 * part)} %.`,
        whole: "This site works without a network.", failed: "This site is not kept for use without a network: the next page tries again." };
      if (words[offline]) this.offline.textContent = words[offline];
    });
  }
}
