// Real Markdown, as the `markdown` block and streamed answers have it.

import { h } from "./dom.js";
import { leafNodes, link } from "./rich_text.js";
import { inline as mrkdwnInline, unescape } from "./mrkdwn.js";

const MARKS = [
  [/^`+/, code],
  [/^!?\[([^\]\n]*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+"[^"]*")?\)/, linked],
  [/^(\*\*|__)(?=\S)([\s\S]*?\S)\1(?![\p{L}\p{N}])/u, wrapped("strong")],
  [/^~~(?=\S)()([\s\S]*?\S)~~/, wrapped("s")],
  [/^([*_])(?=\S)([^*_]*?[^\s*_]|[\s\S]*?\S)\1(?![\p{L}\p{N}])/u, wrapped("em")],
  [/^<[^<>\n]+>|^:[a-z0-9_+'-]+:|^https?:\/\/[^\s<>)]+[^\s<>).,;:!?'"]/, token],
  [/^\\([\\`*_{}[\]()#+.!|>~-])/, (match) => [match[1], match[0].length]],
];

function code(match, text) {
  const end = text.indexOf(match[0], match[0].length);
  if (end < 0) return null;
  const inside = text.slice(match[0].length, end).replace(/^ (.*) $/, "$1");
  return [h("code", {}, unescape(inside)), end + match[0].length];
}

function linked(match) {
  return [link(unescape(match[2]), match[1] ? inline(match[1]) : match[2]), match[0].length];
}

function wrapped(tag) {
  return (match) => [h(tag, {}, inline(match[2])), match[0].length];
}

function token(match) {
  return [leafNodes(mrkdwnInline(match[0])), match[0].length];
}

function mark(text, before) {
  for (const [pattern, make] of MARKS) {
    const match = pattern.exec(text);
    const in_word = match && text[0] === "_" && /[\p{L}\p{N}]$/u.test(before);
    const made = match && !in_word && make(match, text);
    if (made) return made;
  }
}

export function inline(text) {
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const made = /[`[!*_~<:\\h]/.test(text[at]) && mark(text.slice(at), text.slice(0, at));
    if (made) {
      nodes.push(unescape(plain), made[0]);
      plain = "";
      at += made[1];
    } else {
      plain += text[at];
      at += 1;
    }
  }
  nodes.push(unescape(plain));
  return nodes.filter((node) => node !== "");
}

const paragraph = (lines) =>
  h(
    "p",
    {},
    lines.flatMap((line, i) => (i > 0 ? [h("br"), inline(line)] : [inline(line)])),
  );

const ITEM = /^(\s*)(?:[-*+]|(\d+)[.)])\s+(?:\[([ xX])\]\s+)?/;

// Lines of one list; those further in belong to the item above.
function list(lines) {
  const first = ITEM.exec(lines[0]);
  const items = [];
  for (const line of lines) {
    const match = ITEM.exec(line);
    const is_mine = match && match[1].length <= first[1].length + 1;
    if (is_mine) {
      items.push({ text: line.slice(match[0].length), inner: [], done: match[3] });
    } else if (line.trim()) {
      items.at(-1).inner.push(line.slice(Math.min(first[1].length + 2, line.search(/\S/))));
    }
  }
  const nodes = items.map((item) =>
    h(
      "li",
      {},
      taskMark(item.done),
      inline(item.text),
      item.inner.length ? blocks(item.inner) : null,
    ),
  );
  return h(first[2] ? "ol" : "ul", { start: first[2] || null, class: "rich-list" }, nodes);
}

function taskMark(done) {
  return done === undefined ? null : h("span", { class: "task-mark" }, done === " " ? "☐ " : "☑ ");
}

const cells = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((c) => c.trim());

function table(lines) {
  const aligned = cells(lines[1]).map((rule) =>
    /^:-+:$/.test(rule) ? "center" : /-:$/.test(rule) ? "right" : "left",
  );
  const row = (line, tag) =>
    h(
      "tr",
      {},
      cells(line).map((cell, i) =>
        h(tag, { class: `align-${aligned[i] || "left"}` }, inline(cell)),
      ),
    );
  return h(
    "div",
    { "class": "table-scroll", "tabindex": "0", "role": "region", "aria-label": "Table" },
    h(
      "table",
      { class: "block-table" },
      h("thead", {}, row(lines[0], "th")),
      h(
        "tbody",
        {},
        lines.slice(2).map((line) => row(line, "td")),
      ),
    ),
  );
}

const isTable = (lines, at) =>
  lines[at].includes("|") && /^[\s|:-]*-[\s|:-]*$/.test(lines[at + 1] || "");

// How many lines from here belong together, and their node.
const KINDS = [
  [
    /^\s*(```|~~~)/,
    (lines, at) => {
      const fence = lines[at].trim().slice(0, 3);
      let end = at + 1;
      while (end < lines.length && !lines[end].trim().startsWith(fence)) end += 1;
      return [end + 1, h("pre", {}, h("code", {}, unescape(lines.slice(at + 1, end).join("\n"))))];
    },
  ],
  [
    /^#{1,6}\s/,
    (lines, at) => {
      const [, marks, text] = /^(#+)\s+(.*?)\s*#*$/.exec(lines[at]) || [null, "#", ""];
      return [
        at + 1,
        h(
          "p",
          {
            "class": `heading heading-${Math.min(marks.length, 4)}`,
            "role": "heading",
            "aria-level": String(Math.min(marks.length + 2, 6)),
          },
          inline(text),
        ),
      ];
    },
  ],
  [/^\s*([-*_])(\s*\1){2,}\s*$/, (lines, at) => [at + 1, h("hr")]],
  [
    /^\s*(?:&gt;|>)/,
    (lines, at) => {
      const end = until(lines, at, (line) => !/^\s*(?:&gt;|>)/.test(line));
      const inner = lines.slice(at, end).map((line) => line.replace(/^\s*(?:&gt;|>)\s?/, ""));
      return [end, h("blockquote", {}, blocks(inner))];
    },
  ],
  [
    ITEM,
    (lines, at) => {
      const end = until(
        lines,
        at,
        (line, i) =>
          !ITEM.test(line) &&
          !/^\s+\S/.test(line) &&
          !(line.trim() === "" && ITEM.test(lines[i + 1] || "")),
      );
      return [end, list(lines.slice(at, end))];
    },
  ],
];

function until(lines, at, ends) {
  let end = at + 1;
  while (end < lines.length && !ends(lines[end], end)) end += 1;
  return end;
}

function begins(lines, at) {
  return KINDS.find(([pattern]) => pattern.test(lines[at])) || isTable(lines, at);
}

function blocks(lines) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const kind = KINDS.find(([pattern]) => pattern.test(lines[at]));
    if (lines[at].trim() === "") {
      at += 1;
    } else if (kind) {
      const [end, node] = kind[1](lines, at);
      nodes.push(node);
      at = end;
    } else if (isTable(lines, at)) {
      const end = until(lines, at, (line) => !line.includes("|"));
      nodes.push(table(lines.slice(at, end)));
      at = end;
    } else {
      const end = until(lines, at, (line, i) => line.trim() === "" || begins(lines, i));
      nodes.push(paragraph(lines.slice(at, end)));
      at = end;
    }
  }
  return nodes;
}

export function markdown(text) {
  return blocks((text || "").replace(/\r\n?/g, "\n").split("\n"));
}
