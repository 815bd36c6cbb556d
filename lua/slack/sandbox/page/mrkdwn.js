// Slack's mrkdwn, read into the elements of a rich_text block, which rich_text.js shows.

const TOKEN = /^<([^<>\n]+)>/;
const CODE = /^`([^`\n]+)`/;
const EMOJI = /^:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/;
const URL_TEXT = /^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?'")\]]/;
const STYLES = { "*": "bold", "_": "italic", "~": "strike" };
const MOST_STYLED = 4000; // characters between two marks, so that long texts stay quick
const BROADCASTS = ["here", "channel", "everyone"];

export function unescape(text) {
  return text.replace(/&(lt|gt|amp);/g, (all, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

export function escape(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function command(body, label) {
  const [name, ...rest] = body.split("^");
  if (name === "date" && rest.length >= 2) {
    return {
      type: "date",
      timestamp: Number(rest[0]),
      format: rest[1],
      url: rest[2] || undefined,
      fallback: label,
    };
  }
  if (name === "subteam") return { type: "usergroup", usergroup_id: rest[0], name: label };
  if (BROADCASTS.includes(name)) return { type: "broadcast", range: name };
  return { type: "text", text: label || name };
}

// What stands between < and >.
function token(inside) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? undefined : unescape(inside.slice(bar + 1));
  const rest = target.slice(1);
  if (target.startsWith("@")) return { type: "user", user_id: rest };
  if (target.startsWith("#")) return { type: "channel", channel_id: rest, name: label };
  if (target.startsWith("!")) return command(rest, label);
  if (/^[a-z][a-z\d+.-]*:/i.test(target))
    return { type: "link", url: unescape(target), text: label };
  return { type: "text", text: `<${unescape(inside)}>` };
}

const isWord = (character) => character !== undefined && /[\p{L}\p{N}]/u.test(character);

// "*bold*" at this place: its inner text, or undefined.
function styled(text, at) {
  const mark = text[at];
  const next = text[at + 1];
  if (!STYLES[mark] || isWord(text[at - 1]) || !next || /\s/.test(next) || next === mark) return;
  const end = Math.min(text.length, at + MOST_STYLED);
  for (let i = at + 1; i < end && text[i] !== "\n"; i += 1) {
    if (text[i] === "<") i = Math.max(i, text.slice(0, end).indexOf(">", i));
    if (text[i] === mark && !/\s/.test(text[i - 1]) && !isWord(text[i + 1]) && i > at + 1) {
      return text.slice(at + 1, i);
    }
  }
}

class Leaves {
  constructor(style, options) {
    this.list = [];
    this.style = style;
    this.options = options;
    this.plain = "";
  }

  flush() {
    if (this.plain) this.put({ type: "text", text: unescape(this.plain) });
    this.plain = "";
  }

  put(leaf, style = this.style) {
    if (Object.keys(style).length) leaf.style = { ...leaf.style, ...style };
    this.list.push(leaf);
  }

  add(leaf, style) {
    this.flush();
    this.put(leaf, style);
  }
}

// One piece of markup at this place; how many characters it takes, 0 when there is none.
function piece(leaves, text, at) {
  const rest = text.slice(at);
  const code = CODE.exec(rest);
  if (code) {
    leaves.add({ type: "text", text: unescape(code[1]) }, { ...leaves.style, code: true });
    return code[0].length;
  }
  const found = TOKEN.exec(rest);
  if (found) {
    leaves.add(token(found[1]));
    return found[0].length;
  }
  const emoji = EMOJI.exec(rest);
  if (emoji) {
    leaves.add({ type: "emoji", name: emoji[1] });
    return emoji[0].length;
  }
  const url = !leaves.options.verbatim && !isWord(text[at - 1]) && URL_TEXT.exec(rest);
  if (url) {
    leaves.add({ type: "link", url: unescape(url[0]) });
    return url[0].length;
  }
  const inner = styled(text, at);
  if (inner === undefined) return 0;
  leaves.flush();
  leaves.list.push(...inline(inner, leaves.options, { ...leaves.style, [STYLES[text[at]]]: true }));
  return inner.length + 2;
}

const SPECIAL = /[`<:*_~h]/;

// Text of a few lines as leaves of rich text.
export function inline(text, options = {}, style = {}) {
  const leaves = new Leaves(style, options);
  let at = 0;
  while (at < text.length) {
    const length = SPECIAL.test(text[at]) ? piece(leaves, text, at) : 0;
    if (length === 0) leaves.plain += text[at];
    at += length || 1;
  }
  leaves.flush();
  return leaves.list;
}

const QUOTE = /^(?:&gt;|>)\s?/;
const BULLET = /^(\s*)(?:[-*•]|(\d+)\.)\s+/;

function listItem(elements, line, options, match) {
  const style = match[2] ? "ordered" : "bullet";
  const indent = Math.min(8, Math.floor(match[1].length / 2));
  const item = {
    type: "rich_text_section",
    elements: inline(line.slice(match[0].length), options),
  };
  const last = elements.at(-1);
  if (last?.type === "rich_text_list" && last.style === style && last.indent === indent) {
    last.elements.push(item);
  } else {
    elements.push({ type: "rich_text_list", style, indent, elements: [item] });
  }
}

// Lines of the same kind, quoted or not, stand in one element.
function addLines(elements, text, options) {
  let run = null;
  const end = () => {
    if (run) elements.push({ type: run.type, elements: inline(run.lines.join("\n"), options) });
    run = null;
  };
  for (const line of text.split("\n")) {
    const item = options.lists && BULLET.exec(line);
    const type = QUOTE.test(line) ? "rich_text_quote" : "rich_text_section";
    if (item || run?.type !== type) end();
    if (item) {
      listItem(elements, line, options, item);
    } else {
      run = run || { type, lines: [] };
      run.lines.push(type === "rich_text_quote" ? line.replace(QUOTE, "") : line);
    }
  }
  end();
}

// mrkdwn -> elements of a rich_text block. options: verbatim (no links of bare URLs), lists
export function parse(text, options = {}) {
  const elements = [];
  const parts = text.split(/```/);
  const is_open = parts.length % 2 === 0; // a fence that nobody closed is text
  if (is_open) parts.push(`\`\`\`${parts.pop()}`, "");
  parts.forEach((part, i) => {
    if (i % 2 === 1 && !(is_open && i === parts.length - 2)) {
      const inside = unescape(part.replace(/^\n|\n$/g, ""));
      elements.push({ type: "rich_text_preformatted", elements: [{ type: "text", text: inside }] });
      return;
    }
    const lines = part
      .replace(i > 0 ? /^\n/ : /^$/, "")
      .replace(i < parts.length - 1 ? /\n$/ : /$^/, "");
    if (lines !== "") addLines(elements, lines, options);
  });
  return elements;
}
