// A message that its author changes in place.

import { act } from "./actions.js";
import { toText, toTyped } from "./typed_text.js";
import { button } from "./dialog.js";
import { h } from "./dom.js";

export function editor(message, done) {
  const area = h("textarea", {
    "class": "text-input",
    "rows": "2",
    "aria-label": "Edit message",
    "data-focus": `edit ${message.ts}`,
    "value": toTyped(message.text || ""),
  });
  const save = async () => {
    const text = area.value.trim();
    if (!text) return;
    if (text === toTyped(message.text || "")) return done();
    if (await act("edit", { channel: message.channel, ts: message.ts, text: toText(text) })) done();
  };
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      done();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      save();
    }
  });
  setTimeout(() => {
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  });
  return h(
    "div",
    { class: "edit-form" },
    area,
    h(
      "div",
      { class: "edit-buttons" },
      button("Cancel", done),
      button("Save", save, { class: "primary" }),
    ),
  );
}
