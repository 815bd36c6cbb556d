// The list of channels, direct messages and the app.

import { act } from "./actions.js";
import { askText } from "./dialog.js";
import { h, icon, iconButton, keepFocus, replace } from "./dom.js";
import { channelName, nameOf, people, userAvatar } from "./people.js";
import { go, route } from "./route.js";
import { store } from "./store.js";

function item(place, is_current, content, unread) {
  return h(
    "a",
    {
      "class": `side-item ${unread ? "unread" : ""}`,
      "href": `#${place}`,
      "data-focus": place,
      "aria-current": is_current ? "page" : null,
    },
    content,
    unread
      ? h("span", { "class": "count", "aria-label": `${unread} unread` }, String(unread))
      : null,
  );
}

function channelItem(channel) {
  const now = route();
  const is_current = now.pane === "channel" && now.channel === channel.id;
  const lead =
    channel.kind === "im"
      ? userAvatar(channel.user, "small")
      : icon(channel.kind === "private" ? "lock" : channel.kind === "mpim" ? "people" : "hash");
  return item(
    channel.id,
    is_current,
    [lead, h("span", { class: "side-name" }, channelName(channel))],
    store.unread(channel.id),
  );
}

function section(title, tool, items) {
  return h(
    "section",
    { class: "side-section" },
    h("div", { class: "side-head" }, h("h2", {}, title), tool),
    items,
  );
}

async function createChannel() {
  const name = await askText({
    title: "Create a channel",
    label: "Name",
    submit: "Create",
    hint: "Lower-case letters, digits, hyphens.",
  });
  const result = name && (await act("create_channel", { name: name.replace(/^#/, "") }));
  if (result?.channel) go(result.channel.id || result.channel);
}

async function writeTo(user) {
  const result = await act("open_dm", { user });
  if (result?.channel) go(result.channel.id || result.channel);
}

function openApp() {
  const known = store.appChannel();
  return known ? go(known.id) : writeTo(store.bot.user_id);
}

// Somebody with whom nothing was said yet.
function personItem(user) {
  return h(
    "button",
    {
      "type": "button",
      "class": "side-item",
      "data-focus": user.id,
      "on": { click: () => writeTo(user.id) },
    },
    userAvatar(user.id, "small"),
    h("span", { class: "side-name" }, nameOf(user)),
  );
}

function directItems(channels) {
  const known = new Set(channels.map((channel) => channel.user));
  return [
    ...channels.map(channelItem),
    ...people()
      .filter((user) => user.id !== store.me && !known.has(user.id))
      .map(personItem),
  ];
}

function appItems() {
  const now = route();
  const channel = store.appChannel();
  const is_current = now.pane !== "channel" || (channel && now.channel === channel.id);
  const unread = channel ? store.unread(channel.id) : 0;
  return h(
    "button",
    {
      "type": "button",
      "class": `side-item ${unread ? "unread" : ""}`,
      "data-focus": "app",
      "aria-current": is_current ? "page" : null,
      "on": { click: openApp },
    },
    userAvatar(store.bot.user_id, "small"),
    h("span", { class: "side-name" }, store.bot.name || "app"),
    h("span", {
      class: `presence ${store.app.connected ? "on" : ""}`,
      title: store.app.connected ? "connected" : "not connected",
    }),
    unread ? h("span", { class: "count" }, String(unread)) : null,
  );
}

const byName = (a, b) => channelName(a).localeCompare(channelName(b));

export class Sidebar {
  constructor(node) {
    this.node = node;
    for (const topic of ["hello", "channels", "users", "messages", "unread", "app"]) {
      store.on(topic, () => this.later());
    }
  }

  // Many messages at once are one change of this list.
  later() {
    if (this.is_due) return;
    this.is_due = true;
    queueMicrotask(() => {
      this.is_due = false;
      this.show();
    });
  }

  show() {
    const all = [...store.channels.values()].filter((channel) => !channel.is_archived);
    const rooms = all.filter((c) => c.kind === "channel" || c.kind === "private").sort(byName);
    const direct = all
      .filter((c) => (c.kind === "im" || c.kind === "mpim") && c.user !== store.bot.user_id)
      .sort(byName);
    keepFocus(this.node, () =>
      replace(
        this.node,
        h(
          "div",
          { class: "side-team" },
          h("strong", {}, store.team.name),
          h("small", {}, "local Slack"),
        ),
        h(
          "div",
          { class: "side-scroll" },
          section(
            "Channels",
            iconButton("plus", "Create a channel", createChannel),
            rooms.map(channelItem),
          ),
          section("Direct messages", null, directItems(direct)),
          section("Apps", null, appItems()),
        ),
      ),
    );
  }
}
