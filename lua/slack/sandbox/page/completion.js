// What the composer offers while people type: the app's commands, people, channels, emoji.

import { h, icon, listOf } from "./dom.js";
import { findEmoji } from "./emoji.js";
import { nameOf, userAvatar } from "./people.js";
import { store } from "./store.js";

const MOST = 8;
const TYPED = "lua-slack commands typed";

function typedCommands() {
  try {
    return JSON.parse(localStorage.getItem(TYPED)) || [];
  } catch {
    return [];
  }
}

export function rememberCommand(command) {
  const list = [command, ...typedCommands().filter((other) => other !== command)];
  localStorage.setItem(TYPED, JSON.stringify(list.slice(0, 20)));
}

// A bot that tells of no commands gets those that were typed before.
function commands() {
  const known = listOf(store.app.commands);
  const of_app = known.length ? known : typedCommands().map((command) => ({ command }));
  const own = listOf(store.app.own_commands).map((command) => ({ ...command, is_own: true }));
  return [...of_app, ...own.filter((o) => !of_app.some((c) => c.command === o.command))];
}

function commandItems(word) {
  return commands()
    .filter((c) => c.command.startsWith(word))
    .map((c) => ({
      text: `${c.command} `,
      label: c.command,
      hint: c.usage_hint,
      note: c.description,
      lead: c.is_own
        ? h("span", { class: "picker-lead" }, icon("slash"))
        : h("span", { class: "avatar small avatar-bot" }, icon("bolt")),
    }));
}

const BROADCASTS = [
  ["here", "Notify everyone who is online here"],
  ["channel", "Notify everyone in this channel"],
];

function userItems(word) {
  const is = (text) => text && text.toLowerCase().startsWith(word.toLowerCase());
  const users = [...store.users.values()].filter(
    (u) => !u.deleted && (is(u.name) || is(nameOf(u))),
  );
  return users
    .map((u) => ({
      text: `@${u.name} `,
      label: nameOf(u),
      note: u.is_bot ? "App" : `@${u.name}`,
      lead: userAvatar(u.id, "small"),
    }))
    .concat(
      BROADCASTS.filter(([name]) => is(name)).map(([name, note]) => ({
        text: `@${name} `,
        label: `@${name}`,
        note,
        lead: h("span", { class: "picker-lead" }, icon("bell")),
      })),
    );
}

function channelItems(word) {
  return [...store.channels.values()]
    .filter((c) => c.name && c.kind !== "im" && c.kind !== "mpim" && c.name.startsWith(word))
    .map((c) => ({
      text: `#${c.name} `,
      label: `#${c.name}`,
      note: c.purpose,
      lead: h("span", { class: "picker-lead" }, icon(c.kind === "private" ? "lock" : "hash")),
    }));
}

function emojiItems(word) {
  return findEmoji(word, MOST).map((emoji) => ({
    text: `:${emoji.names[0]}: `,
    label: `:${emoji.names[0]}:`,
    lead: h("span", { class: "picker-lead emoji" }, emoji.text),
  }));
}

const KINDS = [
  [/^(\/\S*)$/, commandItems],
  [/(?:^|[\s(])@([\p{L}\p{N}._-]*)$/u, userItems],
  [/(?:^|[\s(])#([\p{L}\p{N}_-]*)$/u, channelItems],
  [/(?:^|\s):([a-z0-9_+-]{2,})$/, emojiItems],
];

// What is offered before the caret: { from, items }, or null.
export function offer(text, caret) {
  const before = text.slice(0, caret);
  for (const [pattern, items] of KINDS) {
    const match = pattern.exec(before);
    const found = match && items(match[1]).slice(0, MOST);
    if (found?.length) {
      const sign = pattern === KINDS[0][0] ? 0 : 1;
      return { from: caret - match[1].length - sign, items: found };
    }
  }
  return null;
}
