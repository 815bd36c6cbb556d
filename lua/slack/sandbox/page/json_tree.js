// A JSON value as a tree whose branches open and close.

import { h } from "./dom.js";

const OPEN_TO = 2; // levels
const LONG = 400; // characters
const MANY = 200; // items

function leaf(value) {
  const kind = value === null ? "null" : typeof value;
  const text = JSON.stringify(value);
  return h(
    "span",
    { class: `json-${kind}`, title: text.length > LONG ? `${text.length} characters` : null },
    text.length > LONG ? `${text.slice(0, LONG)}…` : text,
  );
}

function label(name) {
  return name === undefined ? null : [h("span", { class: "json-key" }, String(name)), ": "];
}

// By name: a Lua table has no order that would tell anything.
function entriesOf(value) {
  const entries = Object.entries(value);
  return Array.isArray(value) ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

// The same, as text.
export function prettyJson(value) {
  const sorted = (key, item) =>
    item !== null && typeof item === "object" && !Array.isArray(item)
      ? Object.fromEntries(entriesOf(item))
      : item;
  return JSON.stringify(value, sorted, 2);
}

function branch(value, name, level) {
  const is_list = Array.isArray(value);
  const entries = entriesOf(value);
  const [open, close] = is_list ? "[]" : "{}";
  const about = is_list
    ? `${entries.length} item${entries.length === 1 ? "" : "s"}`
    : entries
        .slice(0, 3)
        .map(([key]) => key)
        .join(", ") + (entries.length > 3 ? ", …" : "");
  if (entries.length === 0) return h("div", { class: "json-line" }, label(name), open, close);
  const inside = h("div", { class: "json-inside" });
  const node = h(
    "details",
    { class: "json-branch", open: level < OPEN_TO },
    h(
      "summary",
      {},
      name === undefined ? null : h("span", { class: "json-key" }, String(name)),
      h(
        "span",
        { class: "json-about" },
        `${name === undefined ? "" : ": "}${open}${about}${close}`,
      ),
    ),
    inside,
  );
  const fill = () => {
    if (inside.firstChild) return;
    const shown = entries
      .slice(0, MANY)
      .map(([key, item]) => jsonTree(item, is_list ? undefined : key, level + 1));
    inside.append(...shown, entries.length > MANY ? `and ${entries.length - MANY} more` : "");
  };
  if (node.open) fill();
  node.addEventListener("toggle", fill);
  return node;
}

export function jsonTree(value, name, level = 0) {
  if (value !== null && typeof value === "object") {
    if (level === 0) return entriesOf(value).map(([key, item]) => jsonTree(item, key, 1));
    return branch(value, name, level);
  }
  return h("div", { class: "json-line" }, label(name), leaf(value));
}
