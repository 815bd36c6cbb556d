// One message: its author, what it says, reactions, replies, and what can be done with it.

import { act } from "./actions.js";
import { attachments } from "./attachments.js";
import { block, blocks } from "./block_kit.js";
import { askText, confirmed } from "./dialog.js";
import { h, icon, iconButton, listOf } from "./dom.js";
import { emojiPicker } from "./emoji_picker.js";
import { editor } from "./edit.js";
import { files } from "./files.js";
import { markdown } from "./markdown.js";
import { authorAvatar, authorOf, nameOfId, userAvatar } from "./people.js";
import { Place } from "./place.js";
import { openMenu } from "./popup.js";
import { emojiNode, isJumbo, mrkdwn, plainString } from "./rich_text.js";
import { go } from "./route.js";
import { store } from "./store.js";
import { ago, clock, fullTime, shortClock } from "./time.js";
import { toast } from "./toast.js";

const QUICK = ["+1", "eyes", "white_check_mark"];
const editing = new Set(); // ts of messages that are being edited

const place = (message) => ({ channel: message.channel, ts: message.ts });

// Quiet lines: somebody joined, the topic changed.
const QUIET = new Set([
  "channel_join",
  "channel_leave",
  "channel_topic",
  "channel_purpose",
  "channel_name",
  "group_join",
  "group_leave",
  "pinned_item",
  "bot_add",
]);

export const isQuiet = (message) => QUIET.has(message.subtype);

// Blocks stand for the text, except for that of an answer that is written bit by bit.
function text(message) {
  const words = message.text || "";
  if (message.stream) return h("div", { class: "rich markdown" }, markdown(words));
  if (message.blocks?.length || !words) return null;
  return h(
    "div",
    { class: `rich ${isJumbo(words) ? "jumbo" : ""}` },
    message.mrkdwn === false ? words : mrkdwn(words),
  );
}

const STOPPED = {
  timed_out: "The app did not finish this answer.",
  stopped_by_user: "You stopped this answer.",
};

function streamState(message) {
  const { state, tasks, plan } = message.stream;
  const list = listOf(tasks).map((task) => block({ ...task, type: "task_card" }));
  return [
    plan ? h("div", { class: "plan-title" }, plan) : null,
    list,
    state === "streaming"
      ? h(
          "div",
          { class: "streaming" },
          h("span", { class: "cursor" }),
          h(
            "button",
            {
              type: "button",
              class: "link-button",
              on: {
                click: () =>
                  act("stop_answer", { channel: message.channel, thread_ts: message.thread_ts }),
              },
            },
            "Stop",
          ),
        )
      : null,
    STOPPED[state] ? h("p", { class: "quiet" }, STOPPED[state]) : null,
  ];
}

function content(message) {
  if (message.subtype === "tombstone")
    return h("p", { class: "quiet" }, "This message was deleted.");
  const where = new Place(
    `${message.channel} ${message.ts}`,
    place(message),
    message.blocks,
    message.state,
  );
  const nodes = [text(message), message.blocks?.length ? blocks(message.blocks, where) : null];
  if (message.stream) nodes.push(streamState(message));
  nodes.push(
    attachments(message.attachments, attachmentPlace(message, where)),
    files(message.files),
  );
  return nodes;
}

// Elements of attachments are filled in apart from those of the message itself.
function attachmentPlace(message, where) {
  const all = listOf(message.attachments).flatMap((attachment) => listOf(attachment.blocks));
  return all.length ? new Place(`${where.key} attachments`, place(message), all) : where;
}

function reaction(message, what) {
  const is_mine = what.users?.includes(store.me);
  const names = (what.users || []).map(nameOfId).join(", ");
  return h(
    "button",
    {
      "type": "button",
      "class": "reaction",
      "aria-pressed": String(Boolean(is_mine)),
      "data-focus": `reaction ${message.ts} ${what.name}`,
      "title": `${names} reacted with :${what.name}:`,
      "aria-label": `${what.name}, ${what.count}: ${names}`,
      "on": {
        click: () => act(is_mine ? "unreact" : "react", { ...place(message), name: what.name }),
      },
    },
    emojiNode(what.name),
    h("span", {}, String(what.count)),
  );
}

function chooseReaction(message, anchor) {
  emojiPicker(anchor, (name) => act("react", { ...place(message), name }));
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  const add = iconButton("smile-add", "Add reaction", () => chooseReaction(message, add), {
    class: "reaction reaction-add",
  });
  return h(
    "div",
    { class: "reactions" },
    message.reactions.map((what) => reaction(message, what)),
    add,
  );
}

function replies(message, in_thread) {
  if (!message.reply_count || in_thread) return null;
  const count = message.reply_count;
  return h(
    "button",
    { type: "button", class: "replies", on: { click: () => go(message.channel, message.ts) } },
    (message.reply_users || []).slice(0, 4).map((id) => userAvatar(id, "small")),
    h("strong", {}, `${count} ${count === 1 ? "reply" : "replies"}`),
    message.latest_reply ? h("small", {}, `Last reply ${ago(message.latest_reply)}`) : null,
  );
}

async function remove(message) {
  const yes = await confirmed({
    title: "Delete message",
    style: "danger",
    confirm: "Delete",
    text: { type: "plain_text", text: "Delete this message for everyone? The app is told of it." },
  });
  if (yes) act("delete", place(message));
}

export function edit(message) {
  editing.add(message.ts);
  store.tell("messages", { channel: message.channel, fresh: [] });
}

async function copy(text, what) {
  await navigator.clipboard.writeText(text);
  toast(`${what} copied.`);
}

function menuItems(message) {
  const is_mine = message.user === store.me && !message.bot_id;
  const shortcuts = listOf(store.app.shortcuts).filter((s) => s.type !== "shortcut");
  return [
    is_mine && { label: "Edit message", lead: icon("edit"), act: () => edit(message) },
    {
      label: message.pinned ? "Unpin from conversation" : "Pin to conversation",
      lead: icon("pin"),
      act: () => act(message.pinned ? "unpin" : "pin", place(message)),
    },
    { label: "Copy text", lead: icon("copy"), act: () => copy(message.text || "", "Text") },
    {
      label: "Copy timestamp",
      note: message.ts,
      lead: icon("clock"),
      act: () => copy(message.ts, "Timestamp"),
    },
    { heading: "Message shortcuts" },
    ...shortcuts.map((shortcut) => ({
      label: plainString(shortcut.name || shortcut.callback_id),
      note: shortcut.name !== shortcut.callback_id && shortcut.name ? shortcut.callback_id : null,
      lead: icon("bolt"),
      act: () => act("message_shortcut", { callback_id: shortcut.callback_id, ...place(message) }),
    })),
    {
      label: "Run a shortcut by its callback_id …",
      lead: icon("bolt"),
      act: () => otherShortcut(message),
    },
    is_mine && "line",
    is_mine && {
      label: "Delete message …",
      lead: icon("trash"),
      danger: true,
      act: () => remove(message),
    },
  ];
}

async function otherShortcut(message) {
  const callback_id = await askText({
    title: "Message shortcut",
    label: "callback_id",
    submit: "Run",
  });
  if (callback_id) act("message_shortcut", { callback_id, ...place(message) });
}

function toolbar(message, in_thread) {
  if (message.subtype === "tombstone") return null;
  const quick = QUICK.map((name) =>
    h(
      "button",
      {
        "type": "button",
        "class": "icon-button",
        "aria-label": `React with ${name}`,
        "title": `:${name}:`,
        "on": { click: () => act("react", { ...place(message), name }) },
      },
      emojiNode(name),
    ),
  );
  const add = iconButton("smile-add", "Add reaction", () => chooseReaction(message, add));
  const more = iconButton(
    "more",
    "More actions",
    () => openMenu(more, menuItems(message), { label: "More actions", align: "end" }),
    { "aria-haspopup": "menu", "aria-expanded": "false" },
  );
  return h(
    "div",
    { "class": "message-toolbar", "role": "toolbar", "aria-label": "Message actions" },
    quick,
    add,
    in_thread
      ? null
      : iconButton("thread", "Reply in thread", () =>
          go(message.channel, message.thread_ts || message.ts),
        ),
    more,
  );
}

function marks(message, in_thread) {
  return [
    message.pinned ? h("div", { class: "mark mark-pin" }, icon("pin"), "Pinned") : null,
    message.subtype === "thread_broadcast" && !in_thread
      ? h(
          "div",
          { class: "mark" },
          icon("thread"),
          h(
            "button",
            {
              type: "button",
              class: "link-button",
              on: { click: () => go(message.channel, message.thread_ts) },
            },
            "replied to a thread",
          ),
        )
      : null,
    message.is_ephemeral
      ? h(
          "div",
          { class: "mark" },
          icon("eye"),
          "Only visible to you",
          message.is_notice
            ? [
                " · ",
                h(
                  "button",
                  {
                    type: "button",
                    class: "link-button",
                    on: { click: () => store.dismiss(message) },
                  },
                  "Dismiss",
                ),
              ]
            : null,
        )
      : null,
  ];
}

function head(message, author) {
  return h(
    "div",
    { class: "message-head" },
    h("strong", { class: "author" }, author.name),
    author.is_bot ? h("span", { class: "badge" }, "APP") : null,
    h(
      "time",
      { title: fullTime(message.ts), datetime: new Date(message.ts * 1000).toISOString() },
      clock(message.ts),
    ),
  );
}

function body(message, in_thread) {
  if (editing.has(message.ts)) {
    return editor(message, () => {
      editing.delete(message.ts);
      store.tell("messages", { channel: message.channel, fresh: [] });
    });
  }
  return [
    content(message),
    message.edited
      ? h("small", { class: "edited", title: fullTime(message.edited.ts) }, "(edited)")
      : null,
    reactions(message),
    replies(message, in_thread),
  ];
}

// options: { grouped, in_thread }
export function messageNode(message, { grouped, in_thread }) {
  const author = authorOf(message);
  if (isQuiet(message)) {
    return h(
      "div",
      { "class": "message message-quiet", "data-ts": message.ts },
      icon("info"),
      h("div", { class: "rich" }, mrkdwn(message.text || message.subtype)),
    );
  }
  const kind =
    `${grouped ? "grouped" : ""} ${message.is_ephemeral ? "ephemeral" : ""} ` +
    `${message.pinned ? "pinned" : ""} ${editing.has(message.ts) ? "editing" : ""}`;
  return h(
    "article",
    {
      "class": `message ${kind}`,
      "data-ts": message.ts,
      "tabindex": "-1",
      "aria-label": `${author.name} at ${clock(message.ts)}`,
    },
    h(
      "div",
      { class: "message-side" },
      grouped
        ? h("time", { class: "side-time", title: fullTime(message.ts) }, shortClock(message.ts))
        : authorAvatar(message),
    ),
    h(
      "div",
      { class: "message-main" },
      marks(message, in_thread),
      grouped ? null : head(message, author),
      h("div", { class: "message-body" }, body(message, in_thread)),
    ),
    message.is_ephemeral ? null : toolbar(message, in_thread),
  );
}

export const signature = (message, more) =>
  JSON.stringify([message, more, editing.has(message.ts), store.me, store.users.size]);
