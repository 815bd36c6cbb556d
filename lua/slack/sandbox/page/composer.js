// Where people write: messages, slash commands, files.

import { act, ask, failureText } from "./actions.js";
import { offer, rememberCommand } from "./completion.js";
import { h, icon, iconButton, listOf, replace } from "./dom.js";
import { emojiPicker } from "./emoji_picker.js";
import { upload } from "./files.js";
import { edit } from "./message.js";
import { markupButtons } from "./markup_buttons.js";
import { openMenu } from "./popup.js";
import { plainString } from "./rich_text.js";
import { store } from "./store.js";
import { toText } from "./typed_text.js";
import { askText } from "./dialog.js";

const drafts = new Map();
let count = 0;

export class Composer {
  // options: { place() -> { channel, thread_ts }, act, canBroadcast }
  constructor(options) {
    this.options = options;
    count += 1;
    this.id = `completion-${count}`;
    this.area = h("textarea", {
      "class": "composer-text",
      "rows": "1",
      "aria-label": "Message",
      "aria-autocomplete": "list",
      "aria-controls": this.id,
      "spellcheck": "true",
      "on": {
        input: () => this.typed(),
        keydown: (event) => this.key(event),
        blur: () => this.closeOffer(),
        paste: (event) => this.paste(event),
        click: () => this.complete(),
      },
    });
    this.list = h("div", {
      "class": "completion",
      "role": "listbox",
      "id": this.id,
      "hidden": true,
      "aria-label": "Suggestions",
    });
    this.send = iconButton("send", "Send message", () => this.submit(), {
      class: "send",
      disabled: true,
    });
    this.broadcast = h("input", { type: "checkbox" });
    this.node = h(
      "div",
      { class: "composer" },
      this.list,
      h("div", { class: "composer-box" }, markupButtons(this.area), this.area, this.tools()),
      options.canBroadcast
        ? h("label", { class: "broadcast" }, this.broadcast, "Also send to the channel")
        : null,
    );
  }

  tools() {
    const file = h("input", {
      "type": "file",
      "multiple": true,
      "hidden": true,
      "tabindex": "-1",
      "aria-label": "Attach files",
      "on": {
        change: () => {
          this.share([...file.files]);
          file.value = "";
        },
      },
    });
    const smile = iconButton("smile", "Emoji", () =>
      emojiPicker(smile, (name) => this.insert(`:${name}: `)),
    );
    const bolt = iconButton("bolt", "Shortcuts", () => this.shortcuts(bolt), {
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    });
    return h(
      "div",
      { class: "composer-tools" },
      iconButton("plus", "Attach a file", () => file.click()),
      file,
      smile,
      iconButton("at", "Mention someone", () => this.insert("@")),
      bolt,
      h(
        "span",
        { class: "composer-hint" },
        h("kbd", {}, "Shift"),
        "+",
        h("kbd", {}, "Enter"),
        " for a new line",
      ),
      this.send,
    );
  }

  shortcuts(anchor) {
    const list = listOf(store.app.shortcuts).filter(
      (shortcut) => shortcut.type !== "message_action",
    );
    const run = (callback_id) => act("shortcut", { callback_id });
    openMenu(
      anchor,
      [
        { heading: "Shortcuts of the app" },
        ...list.map((shortcut) => ({
          label: plainString(shortcut.name || shortcut.callback_id),
          lead: icon("bolt"),
          note:
            shortcut.name !== shortcut.callback_id && shortcut.name ? shortcut.callback_id : null,
          act: () => run(shortcut.callback_id),
        })),
        {
          label: "Run a shortcut by its callback_id …",
          lead: icon("bolt"),
          act: async () => {
            const callback_id = await askText({
              title: "Shortcut",
              label: "callback_id",
              submit: "Run",
            });
            if (callback_id) run(callback_id);
          },
        },
        listOf(store.app.commands).length ? { heading: "Commands" } : null,
        ...listOf(store.app.commands).map((c) => ({
          label: c.command,
          note: c.description,
          lead: icon("slash"),
          act: () => this.begin(`${c.command} `),
        })),
      ],
      { label: "Shortcuts" },
    );
  }

  get key_of() {
    const { channel, thread_ts } = this.options.place();
    return `${channel} ${thread_ts || ""}`;
  }

  // Called when it stands in another conversation: each keeps what was begun there.
  show(placeholder) {
    if (this.shown !== this.key_of) {
      this.shown = this.key_of;
      this.area.value = drafts.get(this.shown) || "";
      this.closeOffer();
      this.fit();
    }
    this.area.placeholder = placeholder;
    this.area.setAttribute("aria-label", placeholder);
  }

  begin(text) {
    this.area.value = text;
    this.area.focus();
    this.typed();
  }

  insert(text) {
    this.area.focus();
    this.area.setRangeText(text, this.area.selectionStart, this.area.selectionEnd, "end");
    this.typed();
  }

  typed() {
    drafts.set(this.key_of, this.area.value);
    this.fit();
    this.complete();
  }

  fit() {
    this.send.disabled = this.area.value.trim() === "";
    this.area.style.height = "auto";
    this.area.style.height = `${Math.min(this.area.scrollHeight, window.innerHeight * 0.4)}px`;
  }

  complete() {
    this.offer = offer(this.area.value, this.area.selectionStart);
    if (!this.offer) return this.closeOffer();
    this.active = 0;
    this.list.hidden = false;
    this.area.setAttribute("aria-expanded", "true");
    replace(
      this.list,
      this.offer.items.map((item, i) =>
        h(
          "div",
          {
            class: "picker-option",
            role: "option",
            id: `${this.id}-${i}`,
            on: {
              pointerdown: (event) => {
                event.preventDefault();
                this.take(i);
              },
            },
          },
          item.lead,
          h(
            "span",
            { class: "picker-text" },
            h(
              "span",
              {},
              item.label,
              item.hint ? h("span", { class: "usage" }, ` ${item.hint}`) : null,
            ),
            item.note ? h("small", {}, item.note) : null,
          ),
        ),
      ),
    );
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((node, i) => {
      node.setAttribute("aria-selected", String(i === this.active));
      node.classList.toggle("active", i === this.active);
      if (i === this.active) node.scrollIntoView({ block: "nearest" });
    });
    this.area.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
  }

  closeOffer() {
    this.offer = null;
    this.list.hidden = true;
    this.area.removeAttribute("aria-activedescendant");
    this.area.setAttribute("aria-expanded", "false");
  }

  take(at) {
    const { from, items } = this.offer;
    this.area.setRangeText(items[at].text, from, this.area.selectionStart, "end");
    this.typed();
  }

  key(event) {
    if (event.isComposing) return;
    if (this.offer && this.offerKey(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && this.area.value === "") {
      this.editLast(event);
    }
  }

  offerKey(event) {
    const size = this.offer.items.length;
    const item = this.offer.items[this.active];
    if (event.key === "ArrowDown") this.active = (this.active + 1) % size;
    else if (event.key === "ArrowUp") this.active = (this.active - 1 + size) % size;
    else if (event.key === "Escape") this.closeOffer();
    else if (event.key === "Tab") this.take(this.active);
    // A command typed out in full is sent; one that is being chosen is completed first.
    else if (event.key === "Enter" && !event.shiftKey && item.text.trim() !== this.area.value)
      this.take(this.active);
    else return false;
    if (this.offer) this.mark();
    return true;
  }

  editLast(event) {
    const { channel, thread_ts } = this.options.place();
    const mine = store
      .list(channel)
      .filter(
        (m) =>
          m.user === store.me &&
          !m.bot_id &&
          !m.subtype &&
          (thread_ts ? m.thread_ts === thread_ts : !m.thread_ts || m.thread_ts === m.ts),
      );
    if (mine.length === 0) return;
    event.preventDefault();
    edit(mine.at(-1));
  }

  paste(event) {
    const files = [...(event.clipboardData?.files || [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.share(files);
  }

  share(files) {
    const { channel, thread_ts } = this.options.place();
    for (const file of files) upload(file, { channel, thread_ts });
  }

  async submit() {
    const text = this.area.value.trim();
    if (!text) return;
    const key = this.key_of;
    this.area.value = "";
    this.typed();
    const sent =
      text.startsWith("/") && !text.startsWith("//")
        ? await this.command(text)
        : await this.say(text);
    if (!sent && this.area.value === "" && this.key_of === key) this.begin(text);
  }

  async say(text) {
    const { channel, thread_ts } = this.options.place();
    const broadcast = this.options.canBroadcast && this.broadcast.checked;
    this.broadcast.checked = false;
    return act(this.options.act || "say", {
      channel,
      thread_ts,
      text: toText(text),
      reply_broadcast: broadcast || undefined,
    });
  }

  async command(text) {
    const { channel, thread_ts } = this.options.place();
    const [, command, rest] = /^(\/\S+)\s*([\s\S]*)$/.exec(text) || [null, "/", ""];
    try {
      const result = await ask("command", { channel, thread_ts, command, text: rest });
      if (!result.failure) rememberCommand(command);
      else store.notice(channel, `\`${command}\`: ${failureText(result)}`, thread_ts);
      return true;
    } catch (error) {
      store.notice(channel, error.message, thread_ts);
      return true;
    }
  }

  focus() {
    this.area.focus();
  }
}
