/* What is wrong with how a page stands: text over text, blocks that are cut, parts outside the page. A list of words.
   Everything is open and nothing sticks when this runs; `geometry.py` calls it. */
() => {
  const wrong = [];
  const article = document.querySelector("article") ?? document.body;
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 40);
  const shown = (el) => el.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const scrolls = (el) => {
    for (let at = el; at && at !== document.documentElement; at = at.parentElement) {
      const way = getComputedStyle(at).overflowX;
      if ((way === "auto" || way === "scroll") && at.scrollWidth > at.clientWidth + 1) return at;
    }
    return null;
  };
  const hidden = (el) => el.closest(".visually-hidden, [hidden], .headerlink, [aria-hidden=true]:not(svg), option, script, title, desc");

  /* Every line of text with its box; the box of a line is taller than its letters, so a sixth above and below is given. */
  const lines = [];
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const el = node.parentElement;
    if (!node.data.trim() || hidden(el) || !shown(el)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const scroller = scrolls(el);
    for (const box of range.getClientRects()) {
      if (box.width < 2 || box.height < 4) continue;
      if (!scroller && (box.right > innerWidth + 1 || box.left < -1)) wrong.push(`outside the page: ${short(node.data)}`);
      if (scroller) {
        const frame = scroller.getBoundingClientRect();
        if (box.left < frame.left - 1 || box.right > frame.right + 1) continue; // scrolled away: seen by who scrolls
      }
      const spare = box.height / 6;
      lines.push({ el, text: node.data, left: box.left, right: box.right, top: box.top + spare, bottom: box.bottom - spare });
    }
  }
  lines.sort((a, b) => a.top - b.top);
  const seen = new Set();
  lines.forEach((a, n) => {
    for (let m = n + 1; m < lines.length && lines[m].top < a.bottom - 1; m += 1) {
      const b = lines[m];
      if (a.el === b.el || a.left > b.right - 2 || b.left > a.right - 2) continue;
      const words = `text over text: “${short(a.text)}” and “${short(b.text)}”`;
      if (!seen.has(words)) wrong.push(words);
      seen.add(words);
    }
  });

  /* Words of a drawing leave its sheet, and words that have no room in their box. */
  article.querySelectorAll("svg.os-svg").forEach((svg) => {
    if (!shown(svg)) return;
    const sheet = svg.getBoundingClientRect();
    svg.querySelectorAll("text").forEach((text) => {
      const box = text.getBoundingClientRect();
      if (box.left < sheet.left - 2 || box.right > sheet.right + 2) wrong.push(`outside its drawing: ${short(text.textContent)}`);
      const plate = text.parentElement.matches(".head, .service, .instance, .process") && text.parentElement.querySelector("path, polygon");
      if (plate && box.width > plate.getBoundingClientRect().width + 1) wrong.push(`wider than its box: ${short(text.textContent)}`);
    });
  });

  /* The heads of a drawing stand over its lifelines. */
  article.querySelectorAll(".os-heads").forEach((heads) => {
    if (!shown(heads)) return;
    const body = heads.parentElement.querySelector(".os-body svg"), head = heads.querySelector("svg");
    const [a, b] = [head.getBoundingClientRect(), body.getBoundingClientRect()];
    if (Math.abs(a.left - b.left) > 1 || Math.abs(a.width - b.width) > 1) wrong.push(`heads beside their lifelines: ${heads.closest("figure").id}`);
  });

  /* What does not fit and cannot be scrolled. */
  article.querySelectorAll("*").forEach((el) => {
    if (el.closest("svg") || hidden(el) || !el.clientWidth || !shown(el)) return;
    const style = getComputedStyle(el);
    if (/hidden|clip/.test(style.overflowX) && el.scrollWidth > el.clientWidth + 1) wrong.push(`cut: ${el.localName}.${el.className} ${short(el.textContent)}`);
  });
  article.querySelectorAll(":is(.os-c, .os-o, .os-e, .os-x, .os-said)").forEach((line) => {
    if (!shown(line)) return;
    const block = line.closest("pre");
    if (line.scrollWidth > block.clientWidth + 1 || line.getBoundingClientRect().right > block.getBoundingClientRect().right + 1)
      wrong.push(`cut line: ${short(line.textContent)}`);
  });

  /* Blocks that scroll sideways: how many, and the first line of each. */
  const blocks = [...article.querySelectorAll("pre")].filter((pre) => shown(pre) && pre.scrollWidth > pre.clientWidth + 1);
  const scrolling = blocks.filter((pre) => !pre.querySelector(".os-t, .os-r") || innerWidth >= 1280).map((pre) => short(pre.textContent));
  return { wrong, scrolling };
}
