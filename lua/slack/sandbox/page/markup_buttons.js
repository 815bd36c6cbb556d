// The buttons above a text that set marks around what is selected in it.

import { h, iconButton } from "./dom.js";

const MARKS = [
  ["bold", "Bold", "*", "b"],
  ["italic", "Italic", "_", "i"],
  ["strike", "Strikethrough", "~", "x"],
  ["code", "Code", "`", "e"],
];
const PREFIXES = [
  ["list", "Bulleted list", "- "],
  ["quote", "Quote", "> "],
];

function put(area, from, to, text, select) {
  area.focus();
  area.setRangeText(text, from, to, "end");
  area.setSelectionRange(...select);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function mark(area, sign) {
  const { selectionStart: from, selectionEnd: to } = area;
  const inner = area.value.slice(from, to);
  put(area, from, to, sign + inner + sign, [from + 1, to + 1]);
}

function prefix(area, sign) {
  const from = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const to = area.selectionEnd;
  const text = area.value.slice(from, to).replace(/^/gm, sign);
  put(area, from, to, text, [from + text.length, from + text.length]);
}

export function markupButtons(area) {
  area.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const found = MARKS.find(
      ([, , , key]) => key === event.key.toLowerCase() && (key !== "x" || event.shiftKey),
    );
    if (!found) return;
    event.preventDefault();
    mark(area, found[2]);
  });
  return h(
    "div",
    { "class": "markup-buttons", "role": "group", "aria-label": "Formatting" },
    MARKS.map(([name, label, sign]) => iconButton(name, label, () => mark(area, sign))),
    PREFIXES.map(([name, label, sign]) => iconButton(name, label, () => prefix(area, sign))),
  );
}
