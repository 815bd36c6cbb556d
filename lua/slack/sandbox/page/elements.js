// The elements of Block Kit that people press and choose from.

import { confirmed } from "./dialog.js";
import { h, icon, pictureUrl } from "./dom.js";
import { upload } from "./files.js";
import { input } from "./inputs.js";
import { openMenu } from "./popup.js";
import { plainString, plainText, textObject } from "./rich_text.js";
import { richTextInput } from "./rich_text_input.js";
import { select } from "./selects.js";
import { toast } from "./toast.js";

const SAFE = /^(https?|mailto|tel|slack):/i;

function follow(url) {
  if (SAFE.test(url || "")) window.open(url, "_blank", "noopener");
}

// Runs what a control does once, and shows meanwhile that it works.
export async function busy(node, work) {
  if (node.getAttribute("aria-busy") === "true") return;
  node.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    node.removeAttribute("aria-busy");
  }
}

function button(element, block, place) {
  const node = h(
    "button",
    {
      "type": "button",
      "class": `button ${element.style || ""}`,
      "aria-label": element.accessibility_label,
      ...place.control(element, block),
      "on": {
        click: async () => {
          if (!(await confirmed(element.confirm))) return;
          follow(element.url);
          await busy(node, () => place.click(element, block));
        },
      },
    },
    plainText(element.text?.text),
    element.url ? icon("external") : null,
  );
  return node;
}

function workflowButton(element) {
  return h(
    "button",
    {
      type: "button",
      class: `button ${element.style || ""}`,
      on: {
        click: () => {
          toast("A workflow would start here. The local Slack has no workflows to start.");
        },
      },
    },
    plainText(element.text?.text),
  );
}

function overflow(element, block, place) {
  const node = h(
    "button",
    {
      "type": "button",
      "class": "icon-button overflow",
      "aria-label": "More options",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      ...place.control(element, block),
      "on": {
        click: () =>
          openMenu(
            node,
            (element.options || []).map((option) => ({
              label: plainString(option.text),
              note: option.description && plainString(option.description),
              act: async () => {
                if (!(await confirmed(element.confirm))) return;
                follow(option.url);
                busy(node, () => place.click(element, block, option.value));
              },
            })),
            { label: "More options" },
          ),
      },
    },
    icon("more"),
  );
  return node;
}

function boxes(element, block, place, label) {
  const several = element.type === "checkboxes";
  const control = place.control(element, block);
  const values = () => {
    const value = place.form.get(block, element);
    return Array.isArray(value) ? value : value === null ? [] : [value];
  };
  const choose = async (node, value) => {
    const before = values();
    const next = !several
      ? value
      : node.checked
        ? [...before, value]
        : before.filter((v) => v !== value);
    if (!(await confirmed(element.confirm))) {
      node.checked = several ? !node.checked : false;
      return;
    }
    place.form.set(block, element, next);
    place.changed(element, block);
  };
  return h(
    "div",
    {
      "class": "boxes",
      "role": several ? "group" : "radiogroup",
      "aria-label": label || "Options",
      "id": control.id,
      "data-action": element.action_id,
      "aria-invalid": several ? null : control["aria-invalid"],
    },
    (element.options || []).map((option, i) => {
      const node = h("input", {
        "type": several ? "checkbox" : "radio",
        "name": control.id,
        "checked": values().includes(option.value),
        "data-focus": `${control["data-focus"]} ${i}`,
        "data-load": i === 0 ? control["data-load"] : null,
        "value": option.value,
        "on": { change: () => choose(node, option.value) },
      });
      return h(
        "label",
        { class: "box" },
        node,
        h(
          "span",
          {},
          h("span", { class: "rich" }, textObject(option.text)),
          option.description ? h("small", { class: "rich" }, textObject(option.description)) : null,
        ),
      );
    }),
  );
}

function feedbackButton(element, block, place, name) {
  const choice = element[`${name}_button`];
  if (!choice) return null;
  const node = h(
    "button",
    {
      "type": "button",
      "class": "button feedback",
      "data-focus": `${block.block_id} ${element.action_id} ${name}`,
      "data-action": element.action_id,
      "aria-label": choice.accessibility_label || plainString(choice.text),
      "aria-pressed": "false",
      "on": {
        click: () =>
          busy(node, async () => {
            await place.click(element, block, choice.value);
            for (const other of node.parentElement.children)
              other.setAttribute("aria-pressed", "false");
            node.setAttribute("aria-pressed", "true");
          }),
      },
    },
    icon(name === "positive" ? "thumb-up" : "thumb-down"),
    plainText(choice.text?.text),
  );
  return node;
}

function feedback(element, block, place) {
  return h(
    "span",
    { "class": "feedback-buttons", "role": "group", "aria-label": "Feedback" },
    feedbackButton(element, block, place, "positive"),
    feedbackButton(element, block, place, "negative"),
  );
}

const ICONS = { trash: "trash" };

function iconButton(element, block, place) {
  const name = element.accessibility_label || plainString(element.text);
  const node = h(
    "button",
    {
      "type": "button",
      "class": "button feedback",
      "aria-label": name,
      "title": name,
      ...place.control(element, block),
      "on": {
        click: async () => {
          if (await confirmed(element.confirm)) busy(node, () => place.click(element, block));
        },
      },
    },
    icon(ICONS[element.icon] || "spark"),
    plainText(element.text?.text),
  );
  return node;
}

function fileInput(element, block, place, label) {
  const names = h("ul", { class: "file-names" });
  const node = h("input", {
    "type": "file",
    "class": "file-input",
    "aria-label": label || "Files",
    "multiple": (element.max_files || 10) > 1,
    ...place.control(element, block),
    "accept": (element.filetypes || []).map((kind) => `.${kind}`).join(",") || null,
    "on": {
      change: () =>
        busy(node, async () => {
          const chosen = [...node.files].slice(0, element.max_files || 10);
          const files = (await Promise.all(chosen.map((file) => upload(file)))).filter(Boolean);
          names.replaceChildren(...files.map((file) => h("li", {}, icon("file"), file.name)));
          place.form.set(
            block,
            element,
            files.map((file) => file.id),
          );
          place.changed(element, block);
        }),
    },
  });
  return h("div", {}, node, names);
}

function image(element) {
  return h("img", {
    class: "element-image",
    src: pictureUrl(element.image_url || element.slack_file?.url),
    alt: element.alt_text || "",
    loading: "lazy",
    title: element.alt_text,
  });
}

const TYPES = {
  button,
  overflow,
  image,
  workflow_button: workflowButton,
  checkboxes: boxes,
  radio_buttons: boxes,
  feedback_buttons: feedback,
  icon_button: iconButton,
  file_input: fileInput,
  rich_text_input: richTextInput,
};

// label: of the input block around it, for those who cannot see it
export function element(what, block, place, label) {
  const make = TYPES[what?.type] || (what?.type?.endsWith("_select") ? select : input(what?.type));
  if (!make) return h("span", { class: "unknown" }, `Unknown element “${what?.type}”`);
  return make(what, block, place, label);
}
