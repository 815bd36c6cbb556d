// What stands above everything: scripts that do not load, a bot that is not there.

import { act } from "./actions.js";
import { h, icon, listOf, replace } from "./dom.js";
import { store } from "./store.js";

const LINK = {
  connecting: "Connecting to the local Slack …",
  lost:
    "The local Slack does not answer. Trying again … " +
    "When it was started anew, its terminal says its new address.",
};

function problem(what) {
  const place = [what.file || what.script, what.line].filter(Boolean).join(":");
  return h(
    "div",
    { class: "banner banner-error" },
    icon("warning"),
    h(
      "div",
      { class: "banner-text" },
      h("strong", {}, place || "The bot"),
      " did not load. ",
      h("span", {}, "What was loaded before stays in use."),
      h("pre", {}, h("code", {}, what.message || "")),
    ),
  );
}

function bot() {
  const { app } = store;
  if (app.exit) {
    return h(
      "div",
      { class: "banner banner-error" },
      icon("warning"),
      h(
        "div",
        { class: "banner-text" },
        h("strong", {}, "The bot has ended. "),
        h("pre", {}, h("code", {}, app.exit)),
      ),
      h(
        "button",
        { type: "button", class: "button small", on: { click: () => act("restart", {}) } },
        "Start it again",
      ),
    );
  }
  if (app.connected) return null;
  return h(
    "div",
    { class: "banner banner-warning" },
    icon("plug"),
    h(
      "div",
      { class: "banner-text" },
      h("strong", {}, app.is_running ? "The bot is starting. " : "The bot is not connected. "),
      app.is_running
        ? "What you write now, it may not hear."
        : "Start it, or see what its terminal says.",
    ),
  );
}

export class Banner {
  constructor(node) {
    this.node = node;
    for (const topic of ["app", "hello", "link"]) store.on(topic, () => this.show());
    this.show();
  }

  show() {
    const link = LINK[store.link];
    replace(
      this.node,
      link && (store.is_ready || store.link === "lost")
        ? h(
            "div",
            { class: "banner banner-warning" },
            icon("plug"),
            h("div", { class: "banner-text" }, link),
          )
        : null,
      store.is_ready && !link ? [listOf(store.app.problems).map(problem), bot()] : null,
    );
  }
}
