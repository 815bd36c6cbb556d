// Attachments of old: a colored bar with fields and buttons, or with blocks.

import { h, listOf } from "./dom.js";
import { blocks, picture } from "./block_kit.js";
import { link, mrkdwn, plainString, plainText } from "./rich_text.js";
import { clock, dayName } from "./time.js";

const COLORS = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

function field(what) {
  return h(
    "div",
    { class: what.short ? "field short" : "field" },
    h("strong", {}, what.title),
    h("div", { class: "rich" }, mrkdwn(String(what.value ?? ""))),
  );
}

function title(what) {
  if (!what.title) return null;
  return h(
    "div",
    { class: "attachment-title" },
    what.title_link ? link(what.title_link, plainText(what.title)) : plainText(what.title),
  );
}

function author(what) {
  if (!what.author_name) return null;
  return h(
    "div",
    { class: "attachment-author" },
    what.author_icon ? picture(what.author_icon, "", "context-image") : null,
    what.author_link ? link(what.author_link, what.author_name) : what.author_name,
  );
}

function footer(what) {
  if (!what.footer && !what.ts) return null;
  return h(
    "small",
    { class: "attachment-footer" },
    [what.footer, what.ts && `${dayName(what.ts)} at ${clock(what.ts)}`]
      .filter(Boolean)
      .join(" | "),
  );
}

// Buttons and menus of old are shown; Block Kit is what the local Slack sends back.
function oldActions(what) {
  if (!what.actions?.length) return null;
  return h(
    "div",
    { class: "block-actions" },
    what.actions.map((action) =>
      action.url && action.type === "button"
        ? link(
            action.url,
            h("span", { class: `button ${action.style || ""}` }, plainString(action.text)),
          )
        : h(
            "button",
            {
              type: "button",
              class: `button ${action.style || ""}`,
              disabled: true,
              title: "An interactive message of old",
            },
            plainString(action.text || action.name || ""),
          ),
    ),
  );
}

function attachment(what, place) {
  const bar = h("span", { "class": "attachment-bar", "aria-hidden": "true" });
  const color = COLORS[what.color] || (what.color ? `#${what.color.replace(/^#/, "")}` : "");
  bar.style.backgroundColor = color;
  const content = what.blocks?.length
    ? blocks(what.blocks, place)
    : [
        author(what),
        title(what),
        what.text ? h("div", { class: "rich" }, mrkdwn(what.text)) : null,
        what.fields?.length
          ? h("div", { class: "attachment-fields" }, what.fields.map(field))
          : null,
        what.image_url ? picture(what.image_url, what.fallback, "block-picture") : null,
      ];
  return h(
    "div",
    {},
    what.pretext ? h("div", { class: "rich" }, mrkdwn(what.pretext)) : null,
    h(
      "div",
      { class: "attachment" },
      bar,
      h(
        "div",
        { class: "attachment-body" },
        h("div", { class: "attachment-text" }, content, oldActions(what), footer(what)),
        what.thumb_url ? picture(what.thumb_url, "", "accessory-image") : null,
      ),
    ),
  );
}

export function attachments(list, place) {
  return listOf(list).map((what) => attachment(what, place));
}
