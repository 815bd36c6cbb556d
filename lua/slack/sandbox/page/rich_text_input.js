// A field for rich text: markup is typed or set by the buttons above, and shown below as it
// will look.

import { h, replace } from "./dom.js";
import { escape, parse } from "./mrkdwn.js";
import { plainString, richText } from "./rich_text.js";
import { markupButtons } from "./markup_buttons.js";

function leafText(leaf) {
  const text =
    leaf.type === "text"
      ? leaf.text
      : leaf.type === "emoji"
        ? `:${leaf.name}:`
        : leaf.type === "link"
          ? leaf.text
            ? `<${leaf.url}|${leaf.text}>`
            : leaf.url
          : leaf.type === "user"
            ? `<@${leaf.user_id}>`
            : leaf.type === "channel"
              ? `<#${leaf.channel_id}>`
              : leaf.range
                ? `<!${leaf.range}>`
                : "";
  const marks = [
    ["code", "`"],
    ["strike", "~"],
    ["italic", "_"],
    ["bold", "*"],
  ];
  return marks.reduce((all, [name, mark]) => (leaf.style?.[name] ? mark + all + mark : all), text);
}

const textOf = (leaves) => (leaves || []).map(leafText).join("");

const MARKUP = {
  rich_text_section: (e) => textOf(e.elements),
  rich_text_quote: (e) => textOf(e.elements).replace(/^/gm, "> "),
  rich_text_preformatted: (e) => `\`\`\`\n${textOf(e.elements)}\n\`\`\``,
  rich_text_list: (e) =>
    e.elements
      .map(
        (item, i) =>
          `${"  ".repeat(e.indent || 0)}` +
          `${e.style === "ordered" ? `${i + 1}.` : "-"} ${textOf(item.elements)}`,
      )
      .join("\n"),
};

function toMarkup(value) {
  return (value?.elements || []).map((e) => MARKUP[e.type]?.(e) || "").join("\n");
}

// `<` of markup stays; what else might be taken for it was typed by people.
function toRichText(text) {
  if (!text.trim()) return null;
  const escaped = text
    .split(/(<(?:@|#|!|https?:)[^<>\n]+>)/)
    .map((part, i) => (i % 2 === 1 ? part : escape(part)))
    .join("");
  return { type: "rich_text", elements: parse(escaped, { lists: true }) };
}

export function richTextInput(element, block, place, label) {
  const preview = h("div", { "class": "rich rich-preview", "aria-hidden": "true" });
  const show = (value) => {
    const has_markup =
      (value && JSON.stringify(value.elements).includes('"style"')) ||
      value?.elements.some((e) => e.type !== "rich_text_section");
    preview.hidden = !has_markup;
    replace(preview, has_markup ? richText(value.elements) : []);
  };
  const edit = () => {
    const value = toRichText(node.value);
    place.set(element, block, value);
    show(value);
    const on = element.dispatch_action_config?.trigger_actions_on || [];
    if (on.includes("on_character_entered")) place.changed(element, block);
  };
  const node = h("textarea", {
    "class": "text-input rich-input",
    "rows": "4",
    ...place.control(element, block),
    "aria-label": label,
    "value": toMarkup(place.form.get(block, element)),
    "placeholder": plainString(element.placeholder) || null,
    "on": { input: edit },
  });
  show(place.form.get(block, element));
  return h("div", { class: "rich-field" }, markupButtons(node), node, preview);
}
