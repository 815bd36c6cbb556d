// A list of messages with its days, grouped by author, that stays at its end while it grows.

import { h, keepFocus, reconcile, replace } from "./dom.js";
import { isQuiet, messageNode, signature } from "./message.js";
import { dayKey, dayName } from "./time.js";

const GROUPED_WITHIN = 300; // seconds
const SHOWN = 150; // messages, and as many more each time
const NEAR_END = 80; // pixels

function isGrouped(before, message) {
  return (
    before &&
    !isQuiet(before) &&
    !isQuiet(message) &&
    before.user === message.user &&
    before.username === message.username &&
    before.bot_id === message.bot_id &&
    !before.is_notice === !message.is_notice &&
    !message.is_ephemeral === !before.is_ephemeral &&
    message.ts - before.ts < GROUPED_WITHIN &&
    !message.pinned &&
    message.subtype !== "thread_broadcast" &&
    dayKey(before.ts) === dayKey(message.ts)
  );
}

export class MessageList {
  // options: { label, in_thread, countsReplies, hasEarlier, loadEarlier }
  constructor(options) {
    this.options = options;
    this.items = h("div", { class: "messages-items" });
    this.more = h(
      "button",
      {
        type: "button",
        class: "button earlier",
        hidden: true,
        on: { click: () => this.showMore() },
      },
      "Show earlier messages",
    );
    this.intro = h("div", { class: "messages-intro" });
    this.node = h(
      "div",
      {
        "class": "messages",
        "role": "log",
        "aria-live": "off",
        "tabindex": "0",
        "aria-label": options.label,
        "on": { keydown: (event) => this.key(event) },
      },
      h("div", { class: "messages-space" }),
      this.intro,
      this.more,
      this.items,
    );
    this.shown = SHOWN;
    // Pictures that arrive late must not push the end out of sight.
    this.node.addEventListener("load", () => this.settle(), true);
    new ResizeObserver(() => this.settle()).observe(this.node);
    this.node.addEventListener("scroll", () => {
      this.is_at_end = this.distance() < NEAR_END;
    });
    this.is_at_end = true;
  }

  distance() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight;
  }

  settle() {
    if (this.is_at_end) this.node.scrollTop = this.node.scrollHeight;
  }

  async showMore() {
    const before = this.node.scrollHeight;
    const is_all = this.shown >= this.messages.length;
    this.shown += SHOWN;
    if (is_all) await this.options.loadEarlier?.();
    else this.show(this.key_of, this.messages);
    this.node.scrollTop += this.node.scrollHeight - before;
  }

  // key: of what is shown; another one begins at the end
  show(key, messages, intro) {
    const is_new = key !== this.key_of;
    if (is_new) {
      this.shown = SHOWN;
      this.is_at_end = true;
    }
    this.key_of = key;
    this.messages = messages;
    if (intro !== undefined) replace(this.intro, intro);
    const visible = messages.slice(-this.shown);
    this.more.hidden = visible.length === messages.length && !this.options.hasEarlier?.();
    keepFocus(this.node, () =>
      reconcile(this.items, this.entries(visible), (entry) => entry.make()),
    );
    this.settle();
  }

  entries(messages) {
    const entries = [];
    let before = null;
    for (const message of messages) {
      const key = dayKey(message.ts);
      if (!this.options.in_thread && (!before || dayKey(before.ts) !== key)) {
        const day = dayName(message.ts);
        entries.push({ key: `day ${key}`, signature: day, make: () => dayNode(day) });
      }
      const options = { grouped: isGrouped(before, message), in_thread: this.options.in_thread };
      entries.push({
        key: message.ts,
        signature: signature(message, options),
        make: () => messageNode(message, options),
      });
      before = message;
      if (this.options.countsReplies && message.ts === message.thread_ts && messages.length > 1) {
        const text = `${messages.length - 1} ${messages.length === 2 ? "reply" : "replies"}`;
        entries.push({ key: "replies", signature: text, make: () => repliesNode(text) });
      }
    }
    return entries;
  }

  key(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const now = document.activeElement;
    if (now !== this.node && !now.classList.contains("message")) return;
    const all = [...this.items.querySelectorAll(".message[tabindex]")];
    const at = now === this.node ? all.length : all.indexOf(now);
    const to = all[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (!to) return;
    event.preventDefault();
    to.focus();
  }
}

function repliesNode(text) {
  return h(
    "div",
    { "class": "replies-line", "role": "separator", "aria-label": text },
    h("span", {}, text),
  );
}

function dayNode(day) {
  return h("div", { "class": "day", "role": "separator", "aria-label": day }, h("span", {}, day));
}
