// What can go wrong with Slack, at the press of a button.

import { act } from "./actions.js";
import { h, icon } from "./dom.js";
import { store } from "./store.js";
import { toast } from "./toast.js";

const SENT = {
  refresh: "Slack asks the app to connect anew.",
  disconnect: "Slack said it disconnects.",
  drop: "The connections were dropped.",
  rate_limit: "The next call is rate limited.",
  fail: "The next call fails.",
};

async function control(what, fields = {}) {
  if (await act("control", { what, ...fields })) toast(SENT[what]);
}

function plain(what, label, note) {
  return h(
    "button",
    { type: "button", class: "button", title: note, on: { click: () => control(what) } },
    label,
  );
}

function field(id, label, value, more = {}) {
  const input = h("input", {
    class: "text-input",
    id,
    value,
    autocomplete: "off",
    spellcheck: "false",
    ...more,
  });
  return {
    input,
    node: h("span", { class: "control-field" }, h("label", { for: id }, label), input),
  };
}

export class Controls {
  constructor() {
    const method = field("control-method", "Method", "chat.postMessage", {
      list: "control-methods",
    });
    const error = field("control-error", "Error", "channel_not_found");
    const times = field("control-times", "Times", "1", { type: "number", min: "1", max: "100" });
    this.methods = h("datalist", { id: "control-methods" });
    this.restart = h(
      "button",
      { type: "button", class: "button", on: { click: () => act("restart", {}) } },
      icon("repeat"),
      "Restart the bot",
    );
    const fields = () => ({
      method: method.input.value.trim() || undefined,
      times: Number(times.input.value) || 1,
    });
    this.node = h(
      "div",
      { class: "controls", hidden: true },
      h(
        "div",
        { class: "control-row" },
        h("h3", {}, "Connection"),
        plain(
          "refresh",
          "Refresh",
          "As Slack does every few hours: a new connection, then the old one ends",
        ),
        plain("disconnect", "Disconnect", "Slack says that it closes, and closes"),
        plain("drop", "Drop", "The connection breaks without a word"),
        this.restart,
      ),
      h(
        "div",
        { class: "control-row" },
        h("h3", {}, "The next calls"),
        method.node,
        error.node,
        times.node,
        this.methods,
        h("span", { class: "control-break" }),
        h(
          "button",
          {
            type: "button",
            class: "button",
            on: { click: () => control("fail", { ...fields(), error: error.input.value.trim() }) },
          },
          "Fail",
        ),
        h(
          "button",
          { type: "button", class: "button", on: { click: () => control("rate_limit", fields()) } },
          "Rate limit",
        ),
      ),
    );
    const show = () => {
      this.restart.hidden = store.app.is_running === undefined || store.app.is_running === null;
    };
    store.on("app", show);
    store.on("hello", () => {
      show();
      const names = new Set(
        [...store.trace.values()].filter((r) => r.kind === "call").map((r) => r.name),
      );
      this.methods.replaceChildren(...[...names].map((name) => h("option", { value: name })));
    });
  }
}
