/* The cloud as it is, drawn again after each command; what is new says so. */
/* global make */

export class CloudMap {
  constructor(tab) {
    this.tab = tab;
    this.drawing = make("div", { className: "os-map-drawing" });
    this.caption = make("figcaption", { textContent: "The map comes with the first command." });
    this.said = make("p", { className: "os-unseen", role: "status" });
    this.place = make("figure", { className: "os-diagram os-map", "aria-label": "Map of the cloud", tabIndex: 0 }, this.caption, this.drawing, this.said);
  }

  get shown() { return this.place.isConnected && this.place.getClientRects().length > 0; }

  /* Draw it, if somebody sees it and there is a cloud. */
  async refresh() {
    if (!this.shown || !this.tab.isOpen) return;
    try {
      const { svg, news } = await this.tab.ask("map", this.drawing.clientWidth);
      this.drawing.innerHTML = svg;
      this.caption.textContent = news.length ? `Since the command before: ${news.join("; ")}.` : "Nothing is new since the command before.";
      this.said.textContent = news.length ? `Map: ${news.join("; ")}` : "";
    } catch (error) {
      this.caption.textContent = `The map cannot be drawn: ${error.message}`;
    }
  }
}
