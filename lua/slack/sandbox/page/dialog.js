// Dialogs: what is behind cannot be reached, Escape closes, the focus goes back.

import { h, iconButton } from "./dom.js";
import { closePopup } from "./popup.js";
import { plainString, textObject } from "./rich_text.js";

let count = 0;

// options: { title, className, onCancel() }; gives { dialog, body, foot, close() }
export function openDialog(options) {
  closePopup();
  count += 1;
  const title_id = `dialog-title-${count}`;
  const title = h("h2", { id: title_id }, options.title);
  const body = h("div", { class: "dialog-body" });
  const foot = h("footer", { class: "dialog-foot" });
  const cancel = () => options.onCancel?.();
  const dialog = h(
    "dialog",
    { "class": `dialog ${options.className || ""}`, "aria-labelledby": title_id },
    h(
      "header",
      { class: "dialog-head" },
      options.lead || null,
      title,
      iconButton("close", "Close", cancel, { class: "dialog-close" }),
    ),
    body,
    foot,
    h("div", { "class": "dialog-toasts", "aria-live": "polite" }),
  );
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    cancel();
  });
  document.body.append(dialog);
  const before = document.activeElement;
  dialog.showModal();
  return {
    dialog,
    body,
    foot,
    title,
    close() {
      dialog.close();
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
    },
  };
}

export function button(label, click, more = {}) {
  return h(
    "button",
    { type: "button", ...more, class: `button ${more.class || ""}`, on: { click } },
    label,
  );
}

// Asks as a confirm object says; resolves with whether the person agreed.
export function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    const done = (answer) => {
      shown.close();
      resolve(answer);
    };
    const shown = openDialog({
      title: plainString(confirm.title || "Are you sure?"),
      className: "dialog-small",
      onCancel: () => done(false),
    });
    shown.body.append(h("div", { class: "rich" }, textObject(confirm.text)));
    const yes = button(plainString(confirm.confirm || "Yes"), () => done(true), {
      class: confirm.style === "danger" ? "danger" : "primary",
    });
    shown.foot.append(
      button(plainString(confirm.deny || "Cancel"), () => done(false)),
      yes,
    );
    yes.focus();
  });
}

// Asks for one line of text; resolves with it, or undefined.
export function askText({ title, label, submit, value = "", hint }) {
  return new Promise((resolve) => {
    const done = (answer) => {
      shown.close();
      resolve(answer);
    };
    const shown = openDialog({ title, className: "dialog-small", onCancel: () => done(undefined) });
    const input = h("input", { class: "text-input", type: "text", id: "ask-text", value });
    const form = h(
      "form",
      {
        id: "ask-form",
        on: {
          submit: (event) => {
            event.preventDefault();
            if (input.value.trim()) done(input.value.trim());
          },
        },
      },
      h("label", { class: "field-label", for: "ask-text" }, label),
      input,
      hint ? h("p", { class: "hint" }, hint) : null,
    );
    shown.body.append(form);
    shown.foot.append(
      button("Cancel", () => done(undefined)),
      h("button", { type: "submit", form: "ask-form", class: "button primary" }, submit),
    );
    input.focus();
  });
}
