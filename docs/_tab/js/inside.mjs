/* What happened inside a run: folded away, and drawn when somebody opens it. player.js, which every page loads, plays it. */
/* global button, look, make, Player */

const NAMED = 44; // characters of a command that name it

/* The first of the commands that asks for something, and how many there are beside it. */
const called = (done) => {
  const typed = done.map(({ source }) => source.trim());
  const name = typed.find((text) => !/^(export|cd|import|from) /.test(text)) ?? typed[0];
  const [line] = name.split("\n"), short = line.length < name.length || line.length > NAMED;
  return [make("code", { textContent: short ? `${line.slice(0, NAMED).replace(/[\s\\]+$/, "")} …` : line }),
    typed.length > 1 ? ` and ${typed.length - 1} more` : ""];
};

/* `done` is what ran, as Python tells of it; `whose` sets it apart from what the page shows of its own run. */
export function inside(tab, happened, done, whose = "") {
  const fold = make("details", { className: "os-inside os-live" },
    make("summary", {}, "What happened inside ", ...called(done), `${whose}: ${happened.counted}`));
  fold.addEventListener("toggle", () => draw(tab, happened, fold), { once: true });
  return fold;
}

async function draw(tab, happened, fold) {
  const wait = make("p", { className: "os-run-status", role: "status", textContent: "Drawing it" });
  fold.append(wait);
  try {
    const found = await tab.ask("inside", look(fold.clientWidth + 32), ...happened.mark);
    if (!found) throw new Error("the cloud that it happened in is gone");
    wait.replaceWith(figure(found));
    if (fold.closest(".os-term-log")) fold.scrollIntoView({ block: "start" });
  } catch (error) {
    wait.textContent = `It cannot be drawn: ${error.message}.`;
  }
}

/* The drawing with its player, and the same as a list. */
function figure({ caption, svgs, player, steps }) {
  const parts = svgs.map((svg, n) => make("div", { className: n ? "os-body" : "os-heads", innerHTML: svg }));
  const figure = make("figure", { className: "os-diagram" }, make("div", { className: "os-run-drawing" }, ...parts));
  figure.insertAdjacentHTML("beforeend", player);
  figure.append(make("figcaption", { textContent: caption }));
  const played = new Player(figure.querySelector(".os-player"));
  const item = ({ n, from, to, operation, cause }, place) => make("li", { value: n },
    button(`${from} → ${to}: ${operation}`, `Step ${n}, ${from} to ${to}, ${operation}`, () => played.go(place), "os-live-step"),
    cause ? ` because of ${cause}` : from === "client" ? "" : " because of what is left out");
  figure.append(make("details", { className: "os-live-list" },
    make("summary", { textContent: `All ${steps.length} as a list, and who caused each` }),
    make("ol", {}, ...steps.map(item))));
  return figure;
}
