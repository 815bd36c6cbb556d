// Elements of Block Kit into which people type: texts, numbers, dates and times.

import { confirmed } from "./dialog.js";
import { h } from "./dom.js";
import { plainString } from "./rich_text.js";

const PAUSE = 500; // milliseconds until typed dates are taken as meant

const TYPES = {
  plain_text_input: "text",
  email_text_input: "email",
  url_text_input: "url",
  number_input: "text",
};
const MODES = { number_input: "decimal", email_text_input: "email", url_text_input: "url" };

function triggers(element) {
  return element.dispatch_action_config?.trigger_actions_on || ["on_enter_pressed"];
}

function counter(element, value) {
  const left = element.max_length - [...value].length;
  return left < 50 ? String(left) : "";
}

function text(element, block, place, label) {
  const value = String(place.form.get(block, element) ?? "");
  const count = h("span", { "class": "counter", "aria-hidden": "true" });
  const showCount = () => {
    if (element.max_length) count.textContent = counter(element, node.value);
  };
  const dispatch = (kind) => {
    if (triggers(element).includes(kind)) place.changed(element, block);
  };
  const node = h(element.multiline ? "textarea" : "input", {
    "class": "text-input",
    ...place.control(element, block),
    "aria-label": label,
    "type": element.multiline ? null : TYPES[element.type],
    "inputmode": MODES[element.type],
    "rows": element.multiline ? "4" : null,
    "autocomplete": "off",
    value,
    "placeholder": plainString(element.placeholder) || null,
    "maxlength": element.max_length,
    "aria-required": block.type === "input" && !block.optional ? "true" : null,
    "on": {
      input: () => {
        place.set(element, block, node.value);
        showCount();
        dispatch("on_character_entered");
      },
      keydown: (event) => {
        if (event.key !== "Enter" || event.isComposing || (element.multiline && event.shiftKey))
          return;
        if (block.dispatch_action && triggers(element).includes("on_enter_pressed")) {
          event.preventDefault();
          dispatch("on_enter_pressed");
        }
      },
    },
  });
  showCount();
  return h("div", { class: "text-field" }, node, count);
}

const two = (number) => String(number).padStart(2, "0");

function localText(seconds) {
  if (!seconds) return "";
  const d = new Date(seconds * 1000);
  return (
    `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}` +
    `T${two(d.getHours())}:${two(d.getMinutes())}`
  );
}

const PICKERS = {
  datepicker: { type: "date", show: (v) => v || "", read: (t) => t || null, name: "Date" },
  timepicker: { type: "time", show: (v) => v || "", read: (t) => t || null, name: "Time" },
  datetimepicker: {
    type: "datetime-local",
    name: "Date and time",
    show: localText,
    read: (t) => (t ? Math.floor(new Date(t).getTime() / 1000) : null),
  },
};

const isWhole = (value) => !/^0\d\d\d-/.test(value); // a year that is still being typed

function picker(element, block, place, label) {
  const kind = PICKERS[element.type];
  let timer;
  const take = async () => {
    clearTimeout(timer);
    const value = kind.read(node.value);
    if (value === place.form.get(block, element) || !isWhole(node.value)) return;
    if (!(await confirmed(element.confirm))) {
      node.value = kind.show(place.form.get(block, element));
      return;
    }
    place.form.set(block, element, value);
    place.changed(element, block);
  };
  const node = h("input", {
    "class": "text-input date-input",
    "type": kind.type,
    ...place.control(element, block),
    "aria-label": label || plainString(element.placeholder) || kind.name,
    "value": kind.show(place.form.get(block, element)),
    "on": {
      change: () => {
        clearTimeout(timer);
        if (block.type === "input") return take();
        timer = setTimeout(take, PAUSE);
      },
      blur: take,
      keydown: (event) => {
        if (event.key === "Enter") take();
      },
    },
  });
  return node;
}

export function input(type) {
  return TYPES[type] ? text : PICKERS[type] ? picker : undefined;
}
