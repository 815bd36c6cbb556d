// The elements of a rich_text block as nodes; mrkdwn and Markdown are shown through them too.

import { h } from "./dom.js";
import { emojiText } from "./emoji.js";
import { inline, parse } from "./mrkdwn.js";
import { channelName, nameOfId } from "./people.js";
import { store } from "./store.js";
import { formatDate, fullTime } from "./time.js";

const SAFE = /^(https?|mailto|tel|slack):/i;

export function link(url, ...children) {
  if (!SAFE.test(url)) return h("span", {}, children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

const STYLE_TAGS = [
  ["code", "code"],
  ["bold", "strong"],
  ["italic", "em"],
  ["strike", "s"],
  ["underline", "u"],
];

function styled(node, style) {
  let result = node;
  for (const [name, tag] of STYLE_TAGS) {
    if (style?.[name]) result = h(tag, {}, result);
  }
  if (style?.highlight || style?.client_highlight) result = h("mark", {}, result);
  return result;
}

function lines(text) {
  return text.split("\n").flatMap((line, i) => (i > 0 ? [h("br"), line] : [line]));
}

export function emojiNode(name, fallback) {
  const text = emojiText(name) || fallback;
  if (!text) return `:${name}:`;
  return h(
    "span",
    { "class": "emoji", "role": "img", "aria-label": `:${name}:`, "title": `:${name}:` },
    text,
  );
}

function mention(text, is_me) {
  return h("span", { class: `mention ${is_me ? "mention-me" : ""}` }, text);
}

function channelMention(leaf) {
  const channel = store.channels.get(leaf.channel_id);
  const name = channel ? channelName(channel) : leaf.name || leaf.channel_id;
  return h("a", { class: "mention", href: `#${leaf.channel_id}` }, `#${name}`);
}

function dateNode(leaf) {
  const text = formatDate(leaf.timestamp, leaf.format || "{date} {time}") || leaf.fallback || "";
  const node = h("time", { title: fullTime(leaf.timestamp) }, text);
  return leaf.url ? link(leaf.url, node) : node;
}

function colorNode(leaf) {
  const swatch = h("span", { class: "swatch" });
  swatch.style.backgroundColor = leaf.value;
  return h("span", {}, swatch, leaf.value);
}

const LEAVES = {
  text: (leaf) => h("span", {}, lines(leaf.text || "")),
  link: (leaf) => link(leaf.url, leaf.text || leaf.url.replace(/^mailto:/, "")),
  user: (leaf) => mention(`@${nameOfId(leaf.user_id)}`, leaf.user_id === store.me),
  usergroup: (leaf) => mention(leaf.name || `@${leaf.usergroup_id}`, false),
  channel: channelMention,
  broadcast: (leaf) => mention(`@${leaf.range}`, true),
  emoji: (leaf) =>
    emojiNode(
      leaf.name,
      leaf.unicode &&
        String.fromCodePoint(...leaf.unicode.split("-").map((point) => parseInt(point, 16))),
    ),
  date: dateNode,
  color: colorNode,
  team: (leaf) => mention(leaf.team_id, false),
};

export function leafNodes(leaves) {
  return (leaves || []).map((leaf) => styled((LEAVES[leaf.type] || LEAVES.text)(leaf), leaf.style));
}

const ALPHABETS = ["decimal", "lower-alpha", "lower-roman"];

function list(element) {
  const is_ordered = element.style === "ordered";
  const indent = element.indent || 0;
  const kind = is_ordered ? ALPHABETS[indent % 3] : `bullet-${indent % 3}`;
  return h(
    is_ordered ? "ol" : "ul",
    {
      class: `rich-list indent-${Math.min(indent, 8)} list-${kind} ${element.border ? "bordered" : ""}`,
      start: is_ordered && element.offset ? element.offset + 1 : null,
    },
    (element.elements || []).map((item) => h("li", {}, leafNodes(item.elements))),
  );
}

const ELEMENTS = {
  rich_text_section: (element) => h("p", {}, leafNodes(element.elements)),
  rich_text_list: list,
  rich_text_quote: (element) => h("blockquote", {}, leafNodes(element.elements)),
  rich_text_preformatted: (element) => h("pre", {}, h("code", {}, leafNodes(element.elements))),
};

export function richText(elements) {
  return (elements || []).map((element) => ELEMENTS[element.type]?.(element));
}

export function mrkdwn(text, options) {
  return richText(parse(text || "", options));
}

// A message of nothing but a few emoji shows them large.
export function isJumbo(text) {
  const leaves = inline(text || "");
  const all = leaves.every(
    (leaf) =>
      leaf.type === "emoji" ||
      (leaf.type === "text" && /^\s*$|^\p{Extended_Pictographic}[\uFE0F\s]*$/u.test(leaf.text)),
  );
  return all && leaves.length > 0 && leaves.length < 12;
}

// Colons become emoji, and nothing else is markup.
export function plainText(text) {
  return (text || "")
    .split(/(:[a-z0-9_+'-]+(?:::skin-tone-[2-6])?:)/)
    .map((part, i) => (i % 2 === 1 ? emojiNode(part.slice(1, -1)) : lines(part)));
}

// A text object: plain_text or mrkdwn.
export function textObject(object) {
  if (!object) return null;
  if (typeof object === "string") return plainText(object);
  if (object.type === "mrkdwn") return mrkdwn(object.text, { verbatim: object.verbatim });
  return object.emoji === false ? lines(object.text || "") : plainText(object.text);
}

// The same in one line, for names and labels.
export function plainString(object) {
  const text = typeof object === "string" ? object : object?.text || "";
  return text.replace(/:([a-z0-9_+'-]+):/g, (all, name) => emojiText(name) || all);
}
