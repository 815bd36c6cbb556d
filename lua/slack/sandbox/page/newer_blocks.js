// Blocks that Slack added for agents: alerts, cards, carousels, containers, tasks, plans.

import { h, icon } from "./dom.js";
import { link, plainString, richText, textObject } from "./rich_text.js";

const ALERT_ICONS = { info: "info", warning: "warning", error: "warning", success: "check" };

const rich = (content, className = "") =>
  content
    ? h(
        "div",
        { class: `rich ${className}` },
        content.type === "rich_text" ? richText(content.elements) : textObject(content),
      )
    : null;

function alert(what) {
  const level = what.level || "default";
  return h(
    "div",
    { class: `block block-alert alert-${level}`, role: "note" },
    icon(ALERT_ICONS[level] || "info"),
    rich(what.text),
  );
}

const image = (tools, what, className) =>
  what ? tools.picture(what.image_url || what.slack_file?.url, what.alt_text, className) : null;

function card(tools) {
  return (what, place) =>
    h(
      "article",
      { class: "block block-card" },
      image(tools, what.hero_image, "card-hero"),
      h(
        "div",
        { class: "card-head" },
        image(tools, what.icon, "context-image"),
        h("div", {}, rich(what.title, "card-title"), rich(what.subtitle, "card-subtitle")),
      ),
      rich(what.body),
      what.actions?.length
        ? h(
            "div",
            { class: "block-actions" },
            what.actions.map((item) => tools.element(item, what, place)),
          )
        : null,
    );
}

function carousel(tools) {
  return (what, place) =>
    h(
      "div",
      { "class": "block block-carousel", "tabindex": "0", "role": "region", "aria-label": "Cards" },
      (what.elements || []).map((item) => tools.block(item, place)),
    );
}

function container(tools) {
  return (what, place) =>
    h(
      "details",
      { class: "block block-container", open: !what.is_collapsed && !what.default_collapsed },
      h("summary", {}, plainString(what.title) || "Details"),
      (what.child_blocks || []).map((item) => tools.block(item, place)),
    );
}

const STATUS = { pending: "clock", in_progress: "spinner", complete: "check", error: "warning" };

function task(what) {
  const status = what.status || "pending";
  const has_more = what.details || what.output || what.sources?.length;
  const head = [
    h(
      "span",
      { class: `task-icon task-${status}`, title: status.replace("_", " ") },
      icon(STATUS[status] || "clock"),
    ),
    h("span", {}, plainString(what.title)),
  ];
  if (!has_more) return h("div", { class: "block block-task" }, head);
  return h(
    "details",
    { class: "block block-task" },
    h("summary", {}, head),
    rich(
      typeof what.details === "string" ? { type: "plain_text", text: what.details } : what.details,
    ),
    rich(typeof what.output === "string" ? { type: "plain_text", text: what.output } : what.output),
    (what.sources || []).map((source) =>
      h("div", { class: "task-source" }, link(source.url, source.text || source.url)),
    ),
  );
}

function plan(what) {
  return h(
    "div",
    { class: "block block-plan" },
    h("div", { class: "plan-title" }, plainString(what.title)),
    (what.tasks || []).map(task),
  );
}

function data(what) {
  return h(
    "details",
    { class: "block block-container" },
    h("summary", {}, `${what.type.replaceAll("_", " ")} ${plainString(what.title)}`),
    h("pre", {}, h("code", {}, JSON.stringify(what, null, 2))),
  );
}

export function newerBlock(type, tools) {
  const types = {
    alert,
    card: card(tools),
    carousel: carousel(tools),
    container: container(tools),
    task_card: task,
    plan,
    data_table: data,
    data_visualization: data,
    call: data,
  };
  return types[type];
}
