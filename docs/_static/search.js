/* The search page's excerpts: out of a page's words, and not out of what leads through it or is drawn. */
/* global Search */
"use strict";

const LEADS = "nav, svg, script, .os-bar, .os-facts, .os-player, .os-heads, .visually-hidden, [role=tablist], [role=navigation], .os-run-how";
const wholeText = Search.htmlToText;
Search.htmlToText = (text, anchor) => {
  const page = new DOMParser().parseFromString(text, "text/html");
  page.querySelectorAll(LEADS).forEach((part) => part.remove());
  return wholeText(page.documentElement.outerHTML, anchor).replace(/\+[-+]+\+|\s+/g, " "); // and no rules of tables
};
