// Talks with the app as an assistant: its threads, what it suggests, what it is doing.

import { act } from "./actions.js";
import { h, icon, replace, soon } from "./dom.js";
import { Composer } from "./composer.js";
import { mainHead } from "./main_head.js";
import { MessageList } from "./message_list.js";
import { userAvatar } from "./people.js";
import { go, route } from "./route.js";
import { store } from "./store.js";
import { ago } from "./time.js";

const NEXT_LOADING = 2000; // milliseconds that one of the loading messages stands

function threads() {
  return [...store.assistant.values()].sort((a, b) => (a.thread_ts < b.thread_ts ? 1 : -1));
}

export class AssistantPane {
  constructor(node, openDrawer, tabs) {
    this.list = new MessageList({ label: "Conversation with the assistant", in_thread: true });
    this.composer = new Composer({
      act: "assistant_say",
      place: () => ({ channel: this.thread?.channel, thread_ts: this.thread?.thread_ts }),
    });
    this.name = h("h1", { class: "channel-title" });
    this.history = h("nav", { "class": "assistant-history", "aria-label": "Conversations" });
    this.prompts = h("div", { class: "prompts" });
    this.status = h("div", { class: "status", role: "status" });
    this.talk = h(
      "div",
      { class: "assistant-talk" },
      this.list.node,
      this.prompts,
      this.status,
      this.composer.node,
    );
    this.empty = h("div", { class: "empty" });
    replace(
      node,
      mainHead(
        openDrawer,
        this.name,
        h(
          "div",
          { class: "channel-tools" },
          h(
            "button",
            { type: "button", class: "button", on: { click: () => this.begin() } },
            icon("plus"),
            "New chat",
          ),
        ),
      ),
      tabs("assistant"),
      h("div", { class: "assistant" }, this.history, this.talk, this.empty),
    );
    const again = soon(() => this.isOpen() && this.show());
    store.on("assistant", again);
    store.on("messages", again);
    this.turn = 0;
    setInterval(() => {
      this.turn += 1;
      if (this.thread?.status && this.isOpen()) this.showStatus();
    }, NEXT_LOADING);
  }

  isOpen() {
    return store.is_ready && route().pane === "assistant";
  }

  async begin() {
    const thread = await act("open_assistant", {});
    if (thread?.thread_ts) go("assistant", thread.thread_ts);
  }

  show() {
    const all = threads();
    const wanted = route().thread_ts;
    this.thread = all.find((thread) => thread.thread_ts === wanted) || all[0];
    replace(this.name, userAvatar(store.bot.user_id, "small"), h("span", {}, store.bot.name || ""));
    replace(
      this.history,
      all.map((thread) =>
        h(
          "a",
          {
            "href": `#assistant/${thread.thread_ts}`,
            "class": "side-item",
            "aria-current": thread === this.thread ? "page" : null,
          },
          h("span", { class: "side-name" }, thread.title || "New chat"),
          h("small", {}, ago(thread.thread_ts)),
        ),
      ),
    );
    this.talk.hidden = !this.thread;
    this.history.hidden = all.length < 2;
    this.empty.hidden = Boolean(this.thread);
    replace(
      this.empty,
      icon("spark"),
      h("h2", {}, `Ask ${store.bot.name || "the app"}`),
      h("p", {}, "A new chat tells the app ", h("code", {}, "assistant_thread_started"), "."),
      h(
        "button",
        { type: "button", class: "button primary", on: { click: () => this.begin() } },
        "Start a chat",
      ),
    );
    if (this.thread) this.showThread();
  }

  showThread() {
    const { channel, thread_ts } = this.thread;
    const messages = store
      .list(channel)
      .filter(
        (message) => message.thread_ts === thread_ts && message.subtype !== "assistant_app_thread",
      );
    this.list.show(
      `${channel} ${thread_ts}`,
      messages,
      h(
        "div",
        { class: "intro" },
        userAvatar(store.bot.user_id, "large"),
        h("h2", {}, this.thread.title || "New chat"),
      ),
    );
    this.composer.show(`Ask ${store.bot.name || "the app"} …`);
    const has_asked = messages.some((message) => message.user === store.me);
    const offered = this.thread.prompts;
    replace(
      this.prompts,
      offered?.prompts?.length && !has_asked
        ? [
            h("p", {}, offered.title || "Try one of these"),
            offered.prompts.map((prompt) =>
              h(
                "button",
                {
                  type: "button",
                  class: "prompt",
                  on: {
                    click: () => act("assistant_say", { channel, thread_ts, text: prompt.message }),
                  },
                },
                icon("spark"),
                prompt.title,
              ),
            ),
          ]
        : [],
    );
    this.showStatus();
  }

  showStatus() {
    const { status, loading_messages: loading } = this.thread;
    const text = loading?.length
      ? loading[this.turn % loading.length]
      : `${store.bot.name} ${status}`;
    replace(
      this.status,
      status
        ? [h("span", { "class": "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), text]
        : [],
    );
  }
}
