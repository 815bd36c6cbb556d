// The thread that stands beside its channel.

import { h, iconButton, replace, soon } from "./dom.js";
import { Composer } from "./composer.js";
import { MessageList } from "./message_list.js";
import { channelName } from "./people.js";
import { go, route } from "./route.js";
import { store } from "./store.js";

export class ThreadPane {
  constructor(node) {
    this.node = node;
    this.list = new MessageList({ label: "Thread", in_thread: true, countsReplies: true });
    this.composer = new Composer({
      place: () => ({ channel: this.channel, thread_ts: this.thread_ts }),
      canBroadcast: true,
    });
    this.where = h("small", {});
    replace(
      node,
      h(
        "header",
        { class: "pane-head" },
        h("h2", {}, "Thread ", this.where),
        iconButton("close", "Close thread", () => this.close()),
      ),
      this.list.node,
      this.composer.node,
    );
    node.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.close();
    });
    for (const topic of ["messages", "hello", "users"])
      store.on(
        topic,
        soon(() => this.show()),
      );
  }

  close() {
    go(route().channel);
  }

  show() {
    const { pane, channel, thread_ts } = route();
    const is_open = pane === "channel" && Boolean(thread_ts) && store.is_ready;
    const was_open = !this.node.hidden && this.thread_ts === thread_ts;
    this.node.hidden = !is_open;
    if (!is_open) return;
    Object.assign(this, { channel, thread_ts });
    const all = store.list(channel).filter((m) => m.ts === thread_ts || m.thread_ts === thread_ts);
    const about = store.channels.get(channel);
    this.where.textContent = about
      ? about.kind === "im"
        ? channelName(about)
        : `#${channelName(about)}`
      : "";
    this.list.show(
      `${channel} ${thread_ts}`,
      all,
      all.length ? null : h("p", { class: "quiet" }, "This thread is no longer there."),
    );
    this.composer.show("Reply …");
    if (!was_open) this.composer.focus();
  }
}
