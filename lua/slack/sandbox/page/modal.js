// The app's modals: the one in front of the stack, with its errors and its waiting.

import { act, ask, failureText } from "./actions.js";
import { block } from "./block_kit.js";
import { button, openDialog } from "./dialog.js";
import { h, icon, keepFocus, reconcile, replace } from "./dom.js";
import { busy } from "./elements.js";
import { forget, problems } from "./form.js";
import { Place } from "./place.js";
import { plainString } from "./rich_text.js";
import { route } from "./route.js";
import { store } from "./store.js";

export class Modals {
  constructor() {
    this.shown = null;
    this.known = new Set();
    store.on("views", () => this.show());
    store.on("hello", () => this.show());
  }

  show() {
    const view = store.views.at(-1);
    const now = new Set(store.views.map((v) => v.id));
    for (const id of this.known) if (!now.has(id)) forget(id);
    this.known = now;
    if (this.shown && this.shown.view.id !== view?.id) {
      this.shown.window.close();
      this.shown = null;
    }
    if (view && !this.shown) this.shown = new Modal(view);
    else if (view) this.shown.update(view);
  }
}

class Modal {
  constructor(view) {
    this.window = openDialog({
      title: "",
      className: "dialog-modal",
      onCancel: () => this.closeAll(),
      lead: h("span", { "class": "modal-app", "aria-hidden": "true" }, icon("bot")),
    });
    this.body = h("form", {
      class: "modal-form",
      id: `form-${view.id}`,
      novalidate: true,
      on: {
        submit: (event) => {
          event.preventDefault();
          this.submit();
        },
      },
    });
    this.failure = h("div", { class: "modal-failure", role: "alert", hidden: true });
    this.window.body.append(this.failure, this.body);
    this.errors = {};
    this.place = new Place(view.id, { view_id: view.id }, view.blocks, view.state);
    this.place.channel = route().channel; // where it was opened from
    this.place.onEdit = (what) => this.edited(what);
    this.update(view);
    const first =
      this.body.querySelector("[data-load]") ||
      this.body.querySelector("input:not([type=file]), textarea, select, button.select");
    (first || this.submit_button || this.window.dialog.querySelector("button")).focus();
  }

  update(view) {
    this.view = view;
    this.place.update(view.blocks, view.state);
    this.window.title.textContent = plainString(view.title) || "Modal";
    const items = (view.blocks || []).map((what, i) => ({
      key: what.block_id || i,
      signature: JSON.stringify(what),
      what,
    }));
    keepFocus(this.body, () => reconcile(this.body, items, (item) => block(item.what, this.place)));
    this.foot(view);
    this.window.dialog.dataset.view = view.id;
  }

  foot(view) {
    const depth = store.views.length;
    const close = button(plainString(view.close) || (depth > 1 ? "Back" : "Cancel"), () =>
      this.close(),
    );
    this.submit_button = view.submit
      ? h(
          "button",
          { type: "submit", form: this.body.id, class: "button primary" },
          plainString(view.submit),
        )
      : null;
    keepFocus(this.window.foot, () =>
      replace(
        this.window.foot,
        depth > 1 ? h("small", { class: "modal-depth" }, `${depth} modals on the stack`) : null,
        close,
        this.submit_button,
      ),
    );
  }

  edited(what) {
    if (this.errors[what.block_id]) {
      delete this.errors[what.block_id];
      this.showErrors();
    }
    this.fail("");
  }

  showErrors() {
    let first = null;
    for (const node of this.body.querySelectorAll("[data-block]")) {
      node.showError(this.errors[node.dataset.block]);
      if (this.errors[node.dataset.block] && !first) first = node;
    }
    return first;
  }

  refuse(errors) {
    this.errors = errors;
    this.place.errors = errors;
    const first = this.showErrors();
    first?.querySelector("input, textarea, button")?.focus();
    first?.scrollIntoView({ block: "nearest" });
  }

  fail(text) {
    this.failure.hidden = !text;
    replace(this.failure, text ? [icon("warning"), text] : []);
  }

  async submit() {
    this.fail("");
    const wrong = problems(this.view.blocks, this.place.form);
    if (Object.keys(wrong).length) return this.refuse(wrong);
    this.refuse({});
    const node = this.submit_button || this.body;
    this.window.dialog.classList.add("is-busy");
    await busy(node, async () => {
      try {
        const result = await ask("submit", {
          view_id: this.view.id,
          values: this.place.form.all(this.view.blocks),
        });
        if (result.errors && Object.keys(result.errors).length) this.refuse({ ...result.errors });
        if (result.failure) this.fail(failureText(result));
      } catch (error) {
        this.fail(error.message);
      }
    });
    this.window.dialog.classList.remove("is-busy");
  }

  close() {
    act("close_view", { view_id: this.view.id });
  }

  closeAll() {
    act("close_view", {
      view_id: this.view.id,
      is_cleared: store.views.length > 1 || Boolean(this.view.clear_on_close),
    });
  }
}
