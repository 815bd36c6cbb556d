// What people type, as Slack's client sends it: @ada becomes <@U…>, #general <#C…>, a bare
// URL <URL>, and & < > are escaped. And back, for editing.

import { escape, unescape } from "./mrkdwn.js";
import { store } from "./store.js";

const WORD =
  /(https?:\/\/[^\s<>|]+[^\s<>|.,;:!?'")\]])|(^|[\s(*_~])([@#])([\p{L}\p{N}._-]*[\p{L}\p{N}_-])/gu;
const BROADCASTS = new Set(["here", "channel", "everyone"]);

function userBy(name) {
  return [...store.users.values()].find((user) =>
    [user.name, user.profile?.display_name, user.real_name].some(
      (known) => known && known.toLowerCase() === name.toLowerCase(),
    ),
  );
}

function channelBy(name) {
  return [...store.channels.values()].find(
    (channel) =>
      channel.name === name && (channel.kind === "channel" || channel.kind === "private"),
  );
}

function mention(sign, name) {
  if (sign === "#") {
    const channel = channelBy(name);
    return channel && `<#${channel.id}|${channel.name}>`;
  }
  if (BROADCASTS.has(name)) return `<!${name}>`;
  const user = userBy(name);
  return user && `<@${user.id}>`;
}

function convert(text) {
  return escape(text).replace(WORD, (all, url, before, sign, name) => {
    if (url) return `<${url}>`;
    const found = mention(sign, name);
    return found ? before + found : all;
  });
}

// Code stays as it was typed.
export function toText(typed) {
  return typed
    .split(/(```[\s\S]*?```|`[^`\n]+`)/)
    .map((part, i) => (i % 2 === 1 ? escape(part) : convert(part)))
    .join("");
}

export function toTyped(text) {
  const plain = text
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (all, id) =>
      store.user(id) ? `@${store.user(id).name}` : all,
    )
    .replace(/<#(\w+)(?:\|[^>]*)?>/g, (all, id) =>
      store.channels.get(id) ? `#${store.channels.get(id).name}` : all,
    )
    .replace(/<!(here|channel|everyone)(?:\|[^>]*)?>/g, "@$1")
    .replace(/<((?:https?|mailto):[^>|]+)>/g, "$1");
  return unescape(plain);
}
