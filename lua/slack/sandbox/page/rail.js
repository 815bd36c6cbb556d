// The narrow bar: the workspace, the log, the theme, and who one is.

import { act } from "./actions.js";
import { askText } from "./dialog.js";
import { h, icon, replace } from "./dom.js";
import { nameOf, people, userAvatar } from "./people.js";
import { openMenu } from "./popup.js";
import { store } from "./store.js";

function railButton(name, label, click, more = {}) {
  return h(
    "button",
    {
      "type": "button",
      "class": "rail-button",
      "aria-label": label,
      "title": label,
      "on": { click },
      ...more,
    },
    icon(name),
    h("span", { "aria-hidden": "true" }, more["data-short"] || label),
  );
}

async function addPerson() {
  const name = await askText({ title: "Add a person", label: "Name", submit: "Add" });
  if (name) act("add_user", { name });
}

export class Rail {
  // options: { toggleLog(), showChannels() }
  constructor(node, options) {
    this.node = node;
    this.options = options;
    this.log = railButton("log", "Log of frames and calls", options.toggleLog, {
      "data-short": "Log",
      "aria-pressed": "false",
    });
    for (const topic of ["hello", "users", "app", "link"]) store.on(topic, () => this.show());
  }

  show() {
    if (!store.is_ready) return;
    const theme = railButton("theme", "Appearance", () => this.themes(theme), {
      "data-short": "Theme",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    });
    const me = h(
      "button",
      {
        "type": "button",
        "class": "rail-me",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        "aria-label": `You act as ${nameOf(store.user(store.me))}. Act as somebody else`,
        "title": `You act as ${nameOf(store.user(store.me))}`,
        "on": { click: () => this.people(me) },
      },
      userAvatar(store.me),
      h("span", { class: "rail-name" }, nameOf(store.user(store.me))),
    );
    replace(
      this.node,
      h(
        "div",
        { "class": "rail-team", "aria-hidden": "true" },
        (store.team.name || "?").slice(0, 1).toUpperCase(),
      ),
      railButton("chat", "Channels and messages", this.options.showChannels, {
        "data-short": "Chats",
      }),
      this.log,
      h("span", { class: "rail-space" }),
      this.connection(),
      theme,
      me,
    );
  }

  connection() {
    const { connected, transport, connections } = store.app;
    const is_on = store.link === "open" && connected;
    const text = is_on
      ? `The bot is connected (${transport === "http" ? "HTTP" : "Socket Mode"}` +
        `${connections > 1 ? `, ${connections} connections` : ""})`
      : "The bot is not connected";
    return h(
      "span",
      { class: `rail-link ${is_on ? "on" : ""}`, role: "status", title: text },
      h("i", { "aria-hidden": "true" }),
      h("span", {}, is_on ? "Bot on" : "Bot off"),
      h("span", { class: "visually-hidden" }, text),
    );
  }

  themes(anchor) {
    const now = window.theme.chosen();
    openMenu(
      anchor,
      [
        ["system", "As the system"],
        ["light", "Light"],
        ["dark", "Dark"],
      ].map(([name, label]) => ({
        label,
        checked: now === name,
        act: () => window.theme.choose(name),
      })),
      { label: "Appearance" },
    );
  }

  people(anchor) {
    openMenu(
      anchor,
      [
        { heading: "Act as" },
        ...people().map((user) => ({
          label: nameOf(user),
          note: user.id,
          lead: userAvatar(user.id, "small"),
          checked: user.id === store.me,
          act: () => act("act_as", { user: user.id }),
        })),
        "line",
        { label: "Add a person …", lead: icon("plus"), act: addPerson },
      ],
      { label: "Act as" },
    );
  }
}
