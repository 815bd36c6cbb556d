// Names and drawn avatars of people, the bot and whoever a message says it is from.

import { h, icon, pictureUrl } from "./dom.js";
import { emojiText } from "./emoji.js";
import { store } from "./store.js";

const COLORS = 8; // as many as theme.css has --avatar-N

export function nameOf(user) {
  if (!user) return "someone";
  return (
    user.profile?.display_name || user.profile?.real_name || user.real_name || user.name || user.id
  );
}

export function nameOfId(id) {
  const user = store.user(id);
  return user ? nameOf(user) : id;
}

function colorOf(text) {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return sum % COLORS;
}

function initials(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const letters =
    words.length > 1 ? [...words[0]][0] + [...words[1]][0] : [...(words[0] || "?")][0];
  return letters.toUpperCase();
}

export function avatar(id, name, { is_bot = false, size = "" } = {}) {
  return h(
    "span",
    {
      "class": `avatar avatar-${colorOf(name || id)} ${is_bot ? "avatar-bot" : ""} ${size}`,
      "aria-hidden": "true",
    },
    is_bot ? icon("bot") : initials(name),
  );
}

export function userAvatar(id, size) {
  const user = store.user(id);
  return avatar(id, nameOf(user), { is_bot: user?.is_bot, size });
}

// Who a message shows as its author: the name and picture that it says itself come first.
export function authorOf(message) {
  const user = store.user(message.user);
  const is_bot = Boolean(message.bot_id || user?.is_bot);
  const name =
    message.username ||
    (user ? nameOf(user) : message.bot_profile?.name) ||
    (message.is_notice ? "Slackbot" : "someone");
  return { id: message.user, name, is_bot };
}

export function authorAvatar(message) {
  const { id, name, is_bot } = authorOf(message);
  const emoji = message.icons?.emoji || message.icon_emoji;
  const text = emoji && emojiText(emoji.replaceAll(":", ""));
  if (text) return h("span", { "class": "avatar avatar-emoji", "aria-hidden": "true" }, text);
  const url = pictureUrl(message.icons?.image_48 || message.icon_url);
  if (url) return h("img", { class: "avatar", src: url, alt: "" });
  return avatar(message.username || id || name, name, { is_bot: is_bot || message.is_notice });
}

export function people() {
  return [...store.users.values()].filter((user) => !user.is_bot && !user.deleted);
}

export function channelName(channel) {
  if (channel.kind === "im") return nameOfId(channel.user);
  if (channel.kind === "mpim") {
    return (channel.members || [])
      .filter((id) => id !== store.me)
      .map(nameOfId)
      .join(", ");
  }
  return channel.name;
}
