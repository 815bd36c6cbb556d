// Blocks of messages, modals and home tabs as nodes.

import { h, icon, listOf, pictureUrl, replace } from "./dom.js";
import { element } from "./elements.js";
import { markdown } from "./markdown.js";
import { link, plainString, plainText, richText, textObject } from "./rich_text.js";
import { newerBlock } from "./newer_blocks.js";

// An image, and its description in its place when it cannot be had.
export function picture(address, alt, className) {
  const url = pictureUrl(address);
  const node = h("img", {
    class: className,
    src: url,
    alt: alt || "",
    loading: "lazy",
    on: {
      error: () =>
        node.replaceWith(h("span", { class: "no-image" }, icon("image"), alt || "Image")),
    },
  });
  return url ? node : h("span", { class: "no-image" }, icon("image"), alt || "Image");
}

function section(block, place) {
  return h(
    "div",
    { class: "block block-section" },
    h(
      "div",
      { class: "section-text" },
      block.text ? h("div", { class: "rich" }, textObject(block.text)) : null,
      block.fields?.length
        ? h(
            "div",
            { class: "section-fields" },
            block.fields.map((field) => h("div", { class: "rich" }, textObject(field))),
          )
        : null,
    ),
    block.accessory
      ? h(
          "div",
          { class: "accessory" },
          block.accessory.type === "image"
            ? picture(
                block.accessory.image_url || block.accessory.slack_file?.url,
                block.accessory.alt_text,
                "accessory-image",
              )
            : element(block.accessory, block, place, plainString(block.text)),
        )
      : null,
  );
}

function context(block) {
  return h(
    "div",
    { class: "block block-context" },
    (block.elements || []).map((item) =>
      item.type === "image"
        ? picture(item.image_url || item.slack_file?.url, item.alt_text, "context-image")
        : h("div", { class: "rich" }, textObject(item)),
    ),
  );
}

function actions(block, place) {
  return h(
    "div",
    { class: "block block-actions" },
    (block.elements || []).map((item) => element(item, block, place)),
  );
}

function image(block) {
  return h(
    "figure",
    { class: "block block-image" },
    block.title ? h("figcaption", {}, textObject(block.title)) : null,
    picture(block.image_url || block.slack_file?.url, block.alt_text, "block-picture"),
  );
}

function video(block) {
  return h(
    "div",
    { class: "block block-video" },
    h(
      "div",
      { class: "video-title" },
      link(block.title_url || block.video_url, textObject(block.title)),
    ),
    block.author_name ? h("small", {}, block.author_name) : null,
    block.description ? h("p", {}, textObject(block.description)) : null,
    h(
      "a",
      {
        "class": "video-thumb",
        "href": /^https?:/.test(block.video_url) ? block.video_url : null,
        "target": "_blank",
        "rel": "noopener noreferrer",
        "aria-label": `Play: ${plainString(block.title)}`,
      },
      block.thumbnail_url ? picture(block.thumbnail_url, block.alt_text, "block-picture") : null,
      h("span", { class: "video-play" }, icon("play")),
    ),
  );
}

// An input with its label, hint and error, which the control is described by.
function input(block, place) {
  const label = plainString(block.label);
  const control = element(block.element, block, place, label);
  const error_id = `error-${place.key}-${block.block_id}`.replace(/\s/g, "_");
  const error = h("p", { class: "field-error", id: error_id, role: "alert" });
  const show = (text) => {
    replace(error, text ? [icon("warning"), text] : []);
    error.hidden = !text;
    const target = control.matches("[id^=control-]")
      ? control
      : control.querySelector("[id^=control-]");
    if (!target) return;
    target.toggleAttribute("aria-describedby", false);
    target.removeAttribute("aria-invalid");
    if (text) {
      target.setAttribute("aria-invalid", "true");
      target.setAttribute("aria-describedby", error_id);
    }
  };
  const node = h(
    "div",
    { "class": "block block-input", "data-block": block.block_id },
    h(
      "div",
      { class: "field-label" },
      plainText(block.label?.text),
      block.optional ? h("span", { class: "optional" }, " (optional)") : null,
    ),
    control,
    error,
    block.hint ? h("p", { class: "hint" }, plainText(block.hint.text)) : null,
  );
  node.showError = show;
  show(place.errors[block.block_id]);
  return node;
}

function cell(content, tag, setting) {
  const classes = `align-${setting?.align || "left"} ${setting?.is_wrapped ? "wrapped" : ""}`;
  return h(
    tag,
    { class: classes },
    content?.type === "rich_text"
      ? h("div", { class: "rich" }, richText(content.elements))
      : plainText(content?.text),
  );
}

function table(block) {
  const [head, ...rows] = block.rows || [];
  const row = (cells, tag) =>
    h(
      "tr",
      {},
      (cells || []).map((content, i) => cell(content, tag, block.column_settings?.[i])),
    );
  return h(
    "div",
    { "class": "block table-scroll", "tabindex": "0", "role": "region", "aria-label": "Table" },
    h(
      "table",
      { class: "block-table" },
      h("thead", {}, row(head, "th")),
      h(
        "tbody",
        {},
        rows.map((cells) => row(cells, "td")),
      ),
    ),
  );
}

const TYPES = {
  section,
  context,
  actions,
  image,
  video,
  input,
  table,
  context_actions: actions,
  divider: () => h("hr", { class: "block block-divider" }),
  header: (block) =>
    h(
      "div",
      { "class": "block block-header", "role": "heading", "aria-level": "3" },
      plainText(block.text?.text),
    ),
  rich_text: (block) => h("div", { class: "block rich" }, richText(block.elements)),
  markdown: (block) => h("div", { class: "block rich markdown" }, markdown(block.text)),
  file: (block) =>
    h("div", { class: "block no-image" }, icon("file"), `Remote file ${block.external_id}`),
};

export function block(what, place) {
  const make = TYPES[what?.type] || newerBlock(what?.type, { block, element, picture });
  if (!make)
    return h(
      "div",
      { class: "block unknown" },
      `A block of type “${what?.type}”, which this page does not show`,
    );
  try {
    return make(what, place);
  } catch (error) {
    return h(
      "div",
      { class: "block unknown" },
      `A block of type “${what.type}” that cannot be shown: ${error.message}`,
    );
  }
}

export function blocks(list, place) {
  return listOf(list).map((what) => block(what, place));
}
