/* What every page has. First what all scripts use: what the browser keeps, elements, times. Then the reader's marks: lessons
   that are done, the tab that was chosen, the quiz. All of it stays in this browser. */
"use strict";

/* What a browser keeps, of this site: another one may lie beside it on the same host. In a private window its storage may be
   refused as such: then nothing is kept, and all else goes on. */
const ours = `oslearn ${new URL("../", document.currentScript.src).pathname} `;
const keeper = (storage) => ({
  read(key) { try { return storage().getItem(ours + key); } catch { return null; } },
  write(key, value) { try { storage().setItem(ours + key, value); } catch { /* not kept */ } },
  /* What a list or an object says; null if it is not there, or if it is no such thing: then the page begins afresh. */
  parsed(key, kind) {
    try {
      const value = JSON.parse(this.read(key));
      return value?.constructor === kind ? value : null;
    } catch { return null; }
  },
});
const kept = keeper(() => localStorage), keptForNow = keeper(() => sessionStorage); // for days; while this tab is open

/* An element with its properties, or attributes where it has no property of that name. */
const make = (name, set = {}, ...inside) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(set)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside);
  return made;
};
const button = (text, label, onclick, className = "os-run-button") =>
  make("button", { type: "button", className, textContent: text, "aria-label": label, onclick });

/* How long it took, in words. */
const took = (ms) => (ms < 995 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/* A lesson's cloud is new for each language; one's own is the same for all, and a step that runs in two tabs is done twice. */
const tabsDoTheSame = () => ([...document.querySelectorAll(".sphinx-tabs")].some((step) => step.querySelectorAll(":scope > .group-tab:has(.os-run)").length > 1)
  ? "The tabs of a step do the same thing: run one of them." : "");

/* As `docs/_ext/happened.py` names the two looks. */
const look = (width = innerWidth) => (width < 736 ? "narrow" : "wide");

/* Another browser tab may have written since, also while this page waited for the reader to come back to it. */
const whenOthersWrote = (again) => {
  addEventListener("storage", again);
  addEventListener("pageshow", ({ persisted }) => persisted && again());
};
const TAB = "sphinx-tabs-last-selected";

/* sphinx-tabs remembers the tab in this browser tab only; it reads this after deferred scripts have run. */
const chosen = kept.read("tab");
if (chosen) { try { sessionStorage.setItem(TAB, chosen); } catch { /* not kept */ } }
addEventListener("click", (event) => {
  const tab = event.target.closest(".group-tab");
  if (tab) kept.write("tab", tab.getAttribute("name"));
});
addEventListener("keydown", (event) => {
  const tab = event.target.closest?.(".sphinx-tabs-tab");
  const place = { Home: "firstElementChild", End: "lastElementChild" }[event.key];
  if (!tab || !place) return;
  event.preventDefault();
  tab.parentNode[place].focus();
});

/* The mark at the end of a lesson, and what shows it elsewhere: the dots above a lesson, the sidebar. */
const done = new Set();
const recall = () => {
  const lessons = kept.parsed("done", Array);
  if (!lessons) return; // where nothing can be kept, this page knows more
  done.clear();
  lessons.filter((lesson) => typeof lesson === "string").forEach((lesson) => done.add(lesson));
};
const ticks = () => document.querySelectorAll("[data-lesson]:is(li, .os-bar)").forEach((item) => {
  const { lesson } = item.dataset;
  item.classList.toggle("done", done.has(lesson));
  if (item.localName !== "li") return;
  const link = item.querySelector("a");
  link.querySelector(".os-tick")?.remove();
  if (done.has(lesson)) link.insertAdjacentHTML("beforeend", '<span class="os-tick visually-hidden">, done</span>');
});
const count = (lessons) => lessons.filter((lesson) => done.has(lesson)).length;
const meters = () => document.querySelectorAll(".os-meter").forEach((meter) => {
  const lessons = JSON.parse(meter.dataset.lessons);
  meter.hidden = !count(lessons);
  meter.style.setProperty("--part", `${(100 * count(lessons)) / lessons.length}%`);
  meter.innerHTML = `<i></i>${count(lessons)} of ${lessons.length} done`;
});
/* Who has begun goes on where they stopped: from the front page, and from a day's page. */
const goOn = () => {
  const link = document.querySelector(".os-actions a, .os-begin a");
  const way = [...document.querySelectorAll(".os-meter")].flatMap((meter) => JSON.parse(meter.dataset.lessons));
  const next = way.find((lesson) => !done.has(lesson));
  const there = next ? document.querySelector(`.sidebar-tree li[data-lesson="${CSS.escape(next)}"] a`)?.href : link?.dataset.after;
  if (!link || !count(way) || !there) return;
  link.href = there;
  link.textContent = next ? `Go on with ${next.replace("day", "")}` : "Go on with the next day";
};
const shown = [ticks, meters, goOn]; // what shows the marks; each part of a page adds its own
const marks = () => shown.forEach((show) => show());
const set = (lessons, are = true) => {
  recall();
  lessons.forEach((lesson) => (are ? done.add(lesson) : done.delete(lesson)));
  kept.write("done", JSON.stringify([...done]));
  marks();
};
recall();
const mark = document.querySelector(".os-done");
if (mark) {
  const lesson = mark.dataset.lesson;
  const button = document.createElement("button");
  button.type = "button";
  const show = () => {
    button.setAttribute("aria-pressed", done.has(lesson));
    button.textContent = done.has(lesson) ? "✓ Done. Click to take the mark away" : "Mark this lesson as done";
  };
  button.addEventListener("click", () => set([lesson], !done.has(lesson)));
  shown.push(show);
  mark.append(button);
  mark.hidden = false;
}

/* The line of progress that `oslearn progress` in a terminal takes and gives. */
const day = document.querySelector(".os-day");
if (day) {
  const known = new Set(JSON.parse(day.dataset.known));
  day.innerHTML = '<details class="os-line"><summary>Take your marks to the terminal, or its checks to this page</summary>'
    + "<p>Give this line to <code>oslearn progress --add</code>, or put here what <code>oslearn progress --line</code> prints.</p>"
    + '<p class="os-line-field"><label>Progress <input type="text" spellcheck="false" autocomplete="off"></label> <button type="button">Take it over</button></p>'
    + '<p role="status"></p></details>';
  const field = day.querySelector("input"), said = day.querySelector('[role="status"]');
  const show = () => { field.value = ["done", ...[...known].filter((id) => done.has(id))].join(" "); };
  day.querySelector("button").addEventListener("click", () => {
    const [word, ...ids] = field.value.trim().split(/\s+/);
    if (word !== "done" || !ids.every((id) => known.has(id))) {
      said.textContent = "That is no line of progress. It begins with “done”, and lessons follow, as in “done day1.1”.";
      return;
    }
    set(ids);
    said.textContent = "Taken over.";
  });
  shown.push(show);
  day.hidden = false;
}
marks();
whenOthersWrote(() => { recall(); marks(); });

/* The quiz. Of each question the choices are kept in their order, "?" for a look at the answer before it was found. */
const quiz = [...document.querySelectorAll(".os-question")];
if (quiz.length) {
  let chosen = {};
  const remember = () => { chosen = kept.parsed("quiz", Object) ?? chosen; };
  const page = document.querySelector(".sidebar-tree .current-page")?.dataset.lesson;
  const choices = new Map(quiz.map((question) => [question, [...question.querySelectorAll("input")]]));
  const known = (question) => ["?", ...choices.get(question).map((input) => input.value)];
  const of = (question) => {
    const letters = chosen[question.dataset.key];
    return typeof letters === "string" ? [...letters].filter((letter) => known(question).includes(letter)).join("") : "";
  };
  const found = (question) => of(question).endsWith(question.dataset.answer);
  const panel = document.createElement("div");
  panel.className = "os-result";
  panel.innerHTML = '<p></p><ol></ol><button type="button">Start afresh</button>';
  quiz.forEach(({ id }, n) => panel.querySelector("ol").insertAdjacentHTML("beforeend", `<li><a href="#${id}">${n + 1}</a></li>`));
  quiz.at(-1).after(panel);

  const score = () => {
    const [right, first] = [quiz.filter(found), quiz.filter((question) => of(question)[0] === question.dataset.answer)];
    const all = right.length === quiz.length;
    panel.hidden = quiz.every((question) => !of(question));
    if (page && all !== done.has(page)) set([page], all);
    panel.querySelector("p").textContent = all ? `You found all ${quiz.length} answers, ${first.length} of them at the first try.`
      : `You found ${right.length} of ${quiz.length} answers so far, ${first.length} of them at the first try.`;
    panel.querySelectorAll("li").forEach((item, n) => {
      const [state, words] = first.includes(quiz[n]) ? ["first", "right at the first try"] : found(quiz[n]) ? ["later", "found later"]
        : of(quiz[n]) ? ["open", "not found yet"] : ["", "not answered yet"];
      item.className = state;
      item.firstChild.setAttribute("aria-label", `Question ${n + 1}: ${words}`);
    });
  };
  const show = (question) => {
    const letters = of(question).replaceAll("?", ""), last = letters.at(-1), right = found(question);
    choices.get(question).forEach((input) => {
      input.checked = input.value === last;
      input.parentNode.dataset.mark = !letters.includes(input.value) ? "" : input.value === question.dataset.answer ? "right" : "wrong";
    });
    question.dataset.state = !last ? "" : right ? "right" : "wrong";
    const said = question.querySelector(".os-reply");
    said.innerHTML = !last ? "" : right ? "<p></p>" : question.querySelector(`.os-not-${last}`).innerHTML;
    said.firstElementChild?.insertAdjacentHTML("afterbegin", `<strong>${right ? "Right." : "Not this one."}</strong> `);
    question.querySelector("details").open = right;
  };
  const note = (question, what) => {
    remember();
    if (found(question)) return;
    chosen[question.dataset.key] = of(question) + what;
    kept.write("quiz", JSON.stringify(chosen));
    score();
  };
  /* An arrow moves, Space chooses: by itself a browser chooses each that an arrow passes, and counts it as a try. */
  const pass = (event) => {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!by || event.target.localName !== "input" || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const inputs = choices.get(event.currentTarget);
    inputs.at((inputs.indexOf(event.target) + by) % inputs.length).focus();
  };
  quiz.forEach((question) => {
    question.addEventListener("change", ({ target }) => { note(question, target.value); show(question); });
    question.querySelector("summary").addEventListener("click", () => note(question, "?"));
    question.addEventListener("keydown", pass);
  });
  panel.querySelector("button").addEventListener("click", () => {
    remember();
    quiz.forEach((question) => delete chosen[question.dataset.key]);
    kept.write("quiz", JSON.stringify(chosen));
    again();
    quiz[0].querySelector("input").focus();
  });
  const again = () => { remember(); quiz.forEach(show); score(); };
  again();
  whenOthersWrote(again);
}

/* On paper there is nothing to click: every fold is open while the page is printed. */
const folds = () => document.querySelectorAll("details:not([open])");
let opened = [];
addEventListener("beforeprint", () => { opened = [...folds()]; opened.forEach((fold) => { fold.open = true; }); });
addEventListener("afterprint", () => opened.forEach((fold) => { fold.open = false; }));
