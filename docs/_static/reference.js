/* The field above the tables of messages: it shows the rows that have every word; if none has, those that have most. */
"use strict";

const field = document.querySelector(".os-filter");
if (field) {
  const input = document.createElement("input");
  const label = document.createElement("label");
  const said = document.createElement("p");
  input.type = "search";
  input.id = "os-filter-input";
  input.autocomplete = "off";
  input.spellcheck = false;
  label.htmlFor = input.id;
  label.textContent = field.dataset.label;
  said.setAttribute("role", "status");
  field.append(label, input, said);
  field.hidden = false;

  const rows = [...document.querySelectorAll("table.os-filtered tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const wordsOf = (text) => [...new Set(text.toLowerCase().match(/[\p{L}\d]{2,}/gu) ?? [])];
  const show = () => {
    const words = wordsOf(input.value);
    const hits = texts.map((text) => words.filter((word) => text.includes(word)).length);
    const most = Math.max(0, ...hits);
    const enough = most === words.length ? most : Math.max(2, most);
    let count = 0;
    rows.forEach((row, n) => {
      row.hidden = hits[n] < enough;
      count += !row.hidden;
    });
    if (!words.length) said.textContent = `${rows.length} rows`;
    else if (!count) said.textContent = "No row has these words.";
    else if (most < words.length) said.textContent = `No row has all these words; ${count} of ${rows.length} come closest.`;
    else said.textContent = `${count} of ${rows.length} rows`;
  };
  input.addEventListener("input", show);
  input.value = new URLSearchParams(location.search).get("q") ?? "";
  show();
}
