// A conversation: its head, its messages, and where to write.

import { act } from "./actions.js";
import { h, icon, listOf, replace } from "./dom.js";
import { Composer } from "./composer.js";
import { openDialog } from "./dialog.js";
import { mainHead } from "./main_head.js";
import { MessageList } from "./message_list.js";
import { messageNode } from "./message.js";
import { channelName, nameOf, userAvatar } from "./people.js";
import { openMenu } from "./popup.js";
import { go, route } from "./route.js";
import { isInChannel, store } from "./store.js";

const SIGNS = { channel: "hash", private: "lock", im: "person", mpim: "people" };

async function loadEarlier(channel) {
  const before = [...store.messages.get(channel).keys()].sort()[0];
  const result = await act("history", { channel, before });
  if (result) store.addEarlier(channel, result.messages, result.has_more);
}

export class ChannelPane {
  // openDrawer: shows the sidebar where there is no room for it
  constructor(node, openDrawer, tabs) {
    this.node = node;
    this.list = new MessageList({
      label: "Messages",
      hasEarlier: () => store.hasEarlier(this.channel),
      loadEarlier: async () => {
        await loadEarlier(this.channel);
        this.show();
      },
    });
    this.composer = new Composer({ place: () => ({ channel: this.channel }) });
    this.title = h("h1", { class: "channel-title" });
    this.tools = h("div", { class: "channel-tools" });
    this.tabs = tabs("messages");
    this.join = h("div", { class: "join-bar", hidden: true });
    this.absence = h("div", { class: "absence", hidden: true });
    replace(
      node,
      mainHead(openDrawer, this.title, this.tools),
      this.tabs,
      this.list.node,
      this.absence,
      this.join,
      this.composer.node,
    );
  }

  show() {
    const { channel: id } = route();
    const channel = store.channels.get(id);
    if (!channel) return;
    const is_new = this.channel !== id;
    this.channel = id;
    const is_app = channel.kind === "im" && channel.user === store.bot.user_id;
    this.tabs.hidden = !is_app;
    this.head(channel);
    const messages = store.list(id).filter(isInChannel);
    this.list.show(id, messages, this.intro(channel, messages.length === 0));
    this.showComposer(channel);
    store.markRead(id);
    const sign = channel.kind === "im" ? "" : "#";
    document.title = `${sign}${channelName(channel)} – ${store.team.name}`;
    if (is_new && window.matchMedia("(hover: hover)").matches && !route().thread_ts)
      this.composer.focus();
  }

  head(channel) {
    replace(
      this.title,
      channel.kind === "im" ? userAvatar(channel.user, "small") : icon(SIGNS[channel.kind]),
      h("span", {}, channelName(channel)),
      channel.topic ? h("small", { class: "topic", title: channel.topic }, channel.topic) : null,
    );
    const members = h(
      "button",
      {
        "type": "button",
        "class": "head-button",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        "aria-label": `${(channel.members || []).length} members`,
        "on": { click: () => this.members(members, channel) },
      },
      icon("people"),
      String((channel.members || []).length),
    );
    const pinned = store.list(channel.id).filter((message) => message.pinned);
    replace(
      this.tools,
      channel.kind === "im" ? null : members,
      pinned.length
        ? h(
            "button",
            {
              "type": "button",
              "class": "head-button",
              "aria-label": `${pinned.length} pinned messages`,
              "on": { click: () => showPins(pinned) },
            },
            icon("pin"),
            String(pinned.length),
          )
        : null,
    );
  }

  members(anchor, channel) {
    const here = new Set(channel.members);
    openMenu(
      anchor,
      [
        { heading: "Members" },
        ...[...here].map((id) => ({
          label: nameOf(store.user(id)),
          lead: userAvatar(id, "small"),
          note: store.user(id)?.is_bot ? "App" : id === store.me ? "You" : null,
          act: () => this.writeTo(id),
        })),
        "line",
        here.has(store.bot.user_id)
          ? null
          : {
              label: `Add ${store.bot.name} to this channel`,
              lead: icon("plus"),
              act: () => inviteBot(channel),
            },
        channel.is_member
          ? {
              label: "Leave channel",
              lead: icon("close"),
              act: () => act("leave", { channel: channel.id }),
            }
          : {
              label: "Join channel",
              lead: icon("plus"),
              act: () => act("join", { channel: channel.id }),
            },
      ],
      { label: "Members", align: "end" },
    );
  }

  async writeTo(user) {
    if (user === store.me) return;
    const result = await act("open_dm", { user });
    if (result?.channel) go(result.channel.id || result.channel);
  }

  intro(channel, is_empty) {
    const is_im = channel.kind === "im";
    const name = channelName(channel);
    const is_app = is_im && channel.user === store.bot.user_id;
    return h(
      "div",
      { class: "intro" },
      is_im
        ? userAvatar(channel.user, "large")
        : h("span", { class: "intro-sign" }, icon(SIGNS[channel.kind])),
      h("h2", {}, is_im ? name : `#${name}`),
      h(
        "p",
        {},
        is_app
          ? "This is the conversation between you and your app."
          : is_im
            ? `This conversation is just between you and ${name}.`
            : channel.purpose || `This is the very beginning of #${name}.`,
      ),
      is_empty
        ? h(
            "p",
            { class: "quiet" },
            is_app
              ? "Write to it, type / for its commands, or open its Home tab."
              : is_im
                ? `${store.bot.name || "The app"} does not hear what is said here.`
                : `Write something: ${store.bot.name || "the app"} hears it if it is a member.`,
          )
        : null,
    );
  }

  // A bot that is not in a channel hears nothing of it.
  showAbsence(channel) {
    const is_room = channel.kind === "channel" || channel.kind === "private";
    const is_there = listOf(channel.members).includes(store.bot.user_id);
    this.absence.hidden = this.composer.node.hidden || !is_room || is_there;
    replace(
      this.absence,
      `${store.bot.name} is not in #${channelName(channel)}, and hears nothing here.`,
      h(
        "button",
        { type: "button", class: "button small", on: { click: () => inviteBot(channel) } },
        icon("plus"),
        `Add ${store.bot.name}`,
      ),
    );
  }

  showComposer(channel) {
    const can_write = channel.kind === "im" || channel.is_member !== false;
    this.composer.node.hidden = !can_write || channel.is_archived;
    this.join.hidden = !this.composer.node.hidden;
    replace(
      this.join,
      channel.is_archived
        ? `#${channelName(channel)} is archived.`
        : [
            `You are not a member of #${channelName(channel)}.`,
            h(
              "button",
              {
                type: "button",
                class: "button primary",
                on: { click: () => act("join", { channel: channel.id }) },
              },
              "Join channel",
            ),
          ],
    );
    this.showAbsence(channel);
    this.composer.show(`Message ${channel.kind === "channel" ? "#" : ""}${channelName(channel)}`);
  }
}

function inviteBot(channel) {
  return act("invite", { channel: channel.id, user: store.bot.user_id });
}

function showPins(pinned) {
  const shown = openDialog({ title: "Pinned messages", onCancel: () => shown.close() });
  shown.body.append(
    ...pinned.map((message) => messageNode(message, { grouped: false, in_thread: true })),
  );
}
