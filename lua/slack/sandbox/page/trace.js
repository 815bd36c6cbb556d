// The log: every frame and API call between the app and the local Slack.

import { act } from "./actions.js";
import { Controls } from "./controls.js";
import { h, icon, iconButton, listOf, reconcile, replace } from "./dom.js";
import { jsonTree, prettyJson } from "./json_tree.js";
import { nameOfId } from "./people.js";
import { store } from "./store.js";
import { duration, exactTime } from "./time.js";
import { toast } from "./toast.js";

const SHOWN = 300; // rows at most; a filter finds the others
const GROUPS = [
  ["Events", ["envelope"]],
  ["Acks", ["ack"]],
  ["Calls", ["call"]],
  ["HTTP", ["http", "response_url"]],
  ["Connection", ["hello", "disconnect"]],
  ["Bot", ["reload", "error", "note"]],
];
const LABELS = { envelope: "event", response_url: "response", disconnect: "closed" };
const STATES = {
  waiting: "waiting for the ack",
  acked: "acknowledged",
  late: "acknowledged too late",
  failed: "failed",
  ok: "ok",
  error: "error",
};

// A line has room for little: "greet.lua:7", and what is wrong there.
const placeOf = ({ kind, state, name, body }) =>
  kind === "reload" && state === "failed" && body?.line ? `${name}:${body.line}` : null;

// Whose doing a delivery is.
function actorOf(record) {
  const payload = record.body?.payload ?? record.body;
  const id = payload?.user_id ?? payload?.user?.id ?? payload?.event?.user;
  return typeof id === "string" && id !== store.me && store.user(id) ? nameOfId(id) : null;
}

const raisedText = ({ listener, message, traceback }) =>
  h("pre", {}, h("code", {}, `${listener || "handler"}: ${message}${traceback || ""}`));

export class Trace {
  constructor(node, close) {
    this.node = node;
    this.hidden = new Set(["Acks"]);
    this.open = null;
    this.rows = h("div", { class: "trace-rows" });
    this.empty = h("p", { class: "trace-empty" });
    this.scroll = h(
      "div",
      {
        "class": "trace-scroll",
        "tabindex": "0",
        "role": "log",
        "aria-live": "off",
        "aria-label": "Frames and calls",
      },
      this.rows,
      this.empty,
    );
    this.filter = h("input", {
      "type": "search",
      "class": "text-input",
      "placeholder": "Filter by name or content",
      "aria-label": "Filter the log",
      "on": { input: () => this.show() },
    });
    this.chips = h(
      "div",
      { "class": "chips", "role": "group", "aria-label": "Kinds" },
      GROUPS.map(([name]) => this.chip(name)),
    );
    this.controls = new Controls();
    const toggle = iconButton(
      "sliders",
      "Controls",
      () => {
        this.controls.node.hidden = !this.controls.node.hidden;
        toggle.setAttribute("aria-expanded", String(!this.controls.node.hidden));
      },
      { "aria-expanded": "false" },
    );
    replace(
      node,
      h(
        "header",
        { class: "pane-head" },
        h("h2", {}, "Log"),
        h("span", { class: "head-space" }),
        toggle,
        iconButton("trash", "Clear the log", () => this.clear()),
        iconButton("close", "Close the log", close),
      ),
      this.controls.node,
      h("div", { class: "trace-filter" }, this.filter, this.chips),
      this.scroll,
    );
    this.is_at_end = true;
    this.scroll.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.scroll;
      this.is_at_end = scrollHeight - scrollTop - clientHeight < 60;
    });
    this.after = 0;
    store.on("trace", () => this.later());
    store.on("hello", () => this.later());
  }

  chip(name) {
    const node = h(
      "button",
      {
        "type": "button",
        "class": "chip-toggle",
        "aria-pressed": String(!this.hidden.has(name)),
        "on": {
          click: () => {
            if (!this.hidden.delete(name)) this.hidden.add(name);
            node.setAttribute("aria-pressed", String(!this.hidden.has(name)));
            this.show();
          },
        },
      },
      name,
    );
    return node;
  }

  clear() {
    this.after = Math.max(0, ...store.trace.keys());
    this.show();
  }

  later() {
    if (this.is_due || this.node.hidden) return;
    this.is_due = true;
    setTimeout(() => {
      this.is_due = false;
      this.show();
    }, 50);
  }

  matching() {
    const word = this.filter.value.trim().toLowerCase();
    const kinds = new Set(
      GROUPS.filter(([name]) => !this.hidden.has(name)).flatMap(([, list]) => list),
    );
    return [...store.trace.values()].filter(
      (record) =>
        record.n > this.after &&
        kinds.has(record.kind) &&
        (!word || searchText(record).includes(word)),
    );
  }

  show() {
    if (this.node.hidden) return;
    const found = this.matching();
    const items = found.slice(-SHOWN).map((record) => ({
      key: record.n,
      record,
      signature: `${this.open === record.n} ${record.state} ${record.seconds} ${record.retry}`,
    }));
    const focused =
      this.scroll.contains(document.activeElement) && document.activeElement.dataset.focus;
    reconcile(this.rows, items, (item) => this.row(item.record));
    if (focused)
      this.rows.querySelector(`[data-focus="${focused}"]`)?.focus({ preventScroll: true });
    this.empty.textContent = found.length
      ? ""
      : store.trace.size
        ? "Nothing matches."
        : "Nothing has passed yet. Write something to the app.";
    if (this.is_at_end && this.open === null) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  row(record) {
    const is_open = this.open === record.n;
    const label = LABELS[record.kind] || record.kind;
    return h(
      "div",
      {
        "class": `trace-row kind-${record.kind} state-${record.state || "none"} ${is_open ? "open" : ""}`,
        "data-n": record.n,
      },
      h(
        "button",
        {
          "type": "button",
          "class": "trace-line",
          "aria-expanded": String(is_open),
          "data-focus": `row-${record.n}`,
          "on": {
            click: () => {
              this.open = is_open ? null : record.n;
              this.show();
              this.rows.querySelector(".trace-row.open")?.scrollIntoView({ block: "nearest" });
            },
          },
        },
        h(
          "span",
          {
            class: `trace-way way-${record.way}`,
            title: record.way === "out" ? "Slack to app" : "app to Slack",
          },
          icon(record.way === "out" ? "arrow-right" : "arrow-left"),
        ),
        h("span", { class: "trace-kind" }, label),
        h(
          "span",
          { class: "trace-name" },
          h("b", {}, placeOf(record) || record.name || label),
          record.summary && !placeOf(record)
            ? h("span", { class: "trace-summary" }, record.summary)
            : null,
        ),
        record.retry ? h("span", { class: "badge" }, `retry ${record.retry}`) : null,
        record.error
          ? h(
              "span",
              { class: "trace-error" },
              placeOf(record) ? record.error.replace(/^.*?:\d+: /, "") : record.error,
            )
          : null,
        record.seconds !== undefined
          ? h("span", { class: "trace-seconds" }, duration(record.seconds))
          : null,
        record.state
          ? h("span", {
              "class": `trace-state ${record.state}`,
              "title": STATES[record.state],
              "role": "img",
              "aria-label": STATES[record.state],
            })
          : null,
      ),
      is_open ? this.details(record) : null,
    );
  }

  details(record) {
    // What was answered stands below what was asked.
    const parts = [["", record.body ?? null]];
    if (record.answer !== undefined && record.answer !== null)
      parts.push(["answer", record.answer]);
    const show = (shown) =>
      parts.map(([name, value]) => [
        name ? h("div", { class: "trace-part" }, name) : null,
        shown(value),
      ]);
    const pretty = parts.map(([, value]) => prettyJson(value)).join("\n\n");
    const asText = (value) => h("pre", {}, h("code", {}, prettyJson(value)));
    const body = h(
      "div",
      { class: "trace-body" },
      record.kind === "error" ? raisedText(record.body) : show(jsonTree),
    );
    const as_text = h(
      "button",
      {
        "type": "button",
        "class": "link-button",
        "aria-pressed": "false",
        "on": {
          click: () => {
            const is_text = as_text.getAttribute("aria-pressed") !== "true";
            as_text.setAttribute("aria-pressed", String(is_text));
            replace(body, show(is_text ? asText : jsonTree));
          },
        },
      },
      "As text",
    );
    return h(
      "div",
      { class: "trace-details" },
      h(
        "div",
        { class: "trace-meta" },
        `#${record.n} · ${exactTime(record.at)}`,
        record.ref
          ? [
              " · answers ",
              h(
                "button",
                {
                  type: "button",
                  class: "link-button",
                  on: { click: () => this.reveal(record.ref) },
                },
                `#${record.ref}`,
              ),
            ]
          : null,
        record.state ? ` · ${STATES[record.state]}` : null,
        record.seconds !== undefined ? ` after ${duration(record.seconds)}` : null,
      ),
      h(
        "div",
        { class: "trace-tools" },
        as_text,
        h(
          "button",
          {
            type: "button",
            class: "link-button",
            on: {
              click: async () => {
                await navigator.clipboard.writeText(pretty);
                toast("JSON copied.");
              },
            },
          },
          "Copy",
        ),
        listOf(record.repeatable ? this.repeats(record) : null),
      ),
      body,
    );
  }

  // An event may also come as one that Slack repeats, with the same event_id.
  repeats(record) {
    const again = async (fields) => {
      const actor = actorOf(record);
      if (await act("send_again", { n: record.n, ...fields }))
        toast(`#${record.n} sent again${actor ? `, as ${actor}` : ""}.`);
    };
    const is_event = record.body?.type === "events_api" || record.body?.type === "event_callback";
    return [
      is_event
        ? h(
            "button",
            {
              type: "button",
              class: "link-button",
              title: "As Slack does without an ack: the same event_id, which bots drop",
              on: { click: () => again({ same_id: true }) },
            },
            "Send as a retry",
          )
        : null,
      h(
        "button",
        { type: "button", class: "button small", on: { click: () => again() } },
        icon("repeat"),
        "Send again",
      ),
    ];
  }

  reveal(n) {
    this.open = n;
    this.filter.value = "";
    this.hidden.clear();
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", "true");
    this.show();
    this.rows.querySelector(`[data-n="${n}"]`)?.scrollIntoView({ block: "center" });
  }
}

const texts = new WeakMap();

function searchText(record) {
  let text = texts.get(record);
  if (text === undefined) {
    text =
      `${record.kind} ${record.name} ${record.summary} ${record.error} ` +
      `${JSON.stringify(record.body)} ${JSON.stringify(record.answer)}`;
    text = text.toLowerCase();
    texts.set(record, text);
  }
  return text;
}
