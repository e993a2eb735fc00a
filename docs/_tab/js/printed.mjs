/* What a run printed, looking as the page's own blocks do. */
/* global button, make */
const FEW = 200; // lines that are shown at first

const line = (kind, text) => make("span", { className: `os-l ${kind}`, textContent: `${text}\n` });

/* A command or a statement, as it was typed. */
function typed(source, python) {
  const lines = source.trimEnd().split("\n");
  if (python) return lines.map((text, n) => line("os-c", `${n ? "..." : ">>>"} ${text}`));
  const shown = lines.map((text, n) => line(n ? "os-c os-m" : "os-c", text));
  shown[0].prepend(make("span", { className: "gp", textContent: "$ " }));
  return shown;
}

/* The lines of an answer; of many only the first, until somebody asks. Of all too many, Python sends not all. */
function answer({ got, kinds, same, lines: count }) {
  const lines = got.trimEnd().split("\n");
  const some = (from, to) => lines.slice(from, to).map((text, n) => line(kinds[from + n] ?? "os-o", text));
  const shown = some(0, FEW);
  if (lines.length > FEW) {
    const [there, all] = [lines.length, count ?? 0].map((number) => number.toLocaleString("en"));
    const words = count > lines.length ? `Show the first ${there} of ${all} lines` : `Show all ${there} lines`;
    const more = button(words, words, () => more.replaceWith(...some(FEW)), "os-run-button os-run-all");
    shown.push(more);
  }
  return same === false ? [make("span", { className: "os-run-differs" }, ...shown)] : shown;
}

/* Of what differs from the page, the page's lines and the reader's. */
function differences(apart) {
  const side = (who, lines) => [make("dt", { textContent: who }), make("dd", {}, make("pre", { tabIndex: 0, "aria-label": who, textContent: lines.join("\n") || "(nothing)" }))];
  return make("dl", { className: "simple os-run-apart" }, ...apart.flatMap(({ page, yours }) => [...side("The page", page), ...side("Your run", yours)]));
}

/* Each command with its answer. */
export function printed(done, python, label) {
  const shown = [];
  let pre;
  for (const one of done) {
    if (!pre) shown.push(pre = make("pre", { tabIndex: 0, "aria-label": label }));
    pre.append(...typed(one.source, python));
    if (one.got) pre.append(...answer(one));
    if (one.same !== false || !one.apart?.length) continue;
    shown.push(differences(one.apart));
    pre = undefined;
  }
  return make("div", { className: `${python ? "highlight-pycon" : "highlight-console"} notranslate` }, make("div", { className: "highlight" }, ...shown));
}

/* How many milliseconds all of it took. */
export const time = (done) => done.reduce((sum, { ms }) => sum + ms, 0);

/* What is said while Python comes. */
export const loading = ({ state }) =>
  state === "load" ? "Loading Python and the cloud, once" : "Starting the cloud";
