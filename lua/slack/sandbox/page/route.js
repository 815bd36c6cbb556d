// What is shown, as the address says it after its #, so that a reload finds it again:
// CHANNEL, CHANNEL/THREAD_TS, home, assistant, assistant/THREAD_TS.

import { store } from "./store.js";

export function route() {
  const [place, thread_ts] = decodeURIComponent(window.location.hash.slice(1)).split("/");
  if (place === "home" || place === "assistant") return { pane: place, thread_ts };
  const channel = store.channels.get(place) || firstChannel();
  return { pane: "channel", channel: channel?.id, thread_ts };
}

function firstChannel() {
  const all = [...store.channels.values()];
  return all.find((channel) => channel.kind === "channel" && channel.is_member) || all[0];
}

export function go(place, thread_ts) {
  window.location.hash = thread_ts ? `${place}/${thread_ts}` : place;
}

export function isShown(channel) {
  const now = route();
  return now.pane === "channel" && now.channel === channel;
}
