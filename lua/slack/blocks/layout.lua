-- Blocks.

local relations = require "slack.blocks.relations"
local schema = require "slack.blocks.schema"

local required, list, typed, object = schema.required, schema.list, schema.typed, schema.object
local string, text, plain = schema.string, schema.text, schema.plain
local boolean = schema.boolean

local COMMON = { block_id = string(255) }
local IN_MESSAGES = { "message" }

local function block(name, rule)
  schema.define("blocks", COMMON, name, rule)
end

local function elements_of(place, min, max, from_string)
  return required(list(typed("elements", place, from_string), min, max, "elements"))
end

block("section", {
  args = { "text", "accessory" },
  fields = {
    text = text(3000), fields = list(text(2000), 1, 10, "fields"),
    accessory = typed("elements", "section"), expand = boolean,
  },
  relations = { relations.some_of("text", "fields") },
})

block("header", { args = { "text" }, fields = { text = required(plain(150)) } })

block("divider", {})

block("image", {
  args = { "image_url", "alt_text" },
  fields = {
    image_url = string(3000, { min = 1 }), slack_file = object "slack_file",
    alt_text = required(string(2000, { min = 1 })), title = plain(2000),
  },
  relations = { relations.either("image_url", "slack_file") },
})

block("actions", { items = "elements", fields = { elements = elements_of("actions", 1, 25) } })

block("context", {
  items = "elements", fields = { elements = elements_of("context", 1, 10, "mrkdwn") },
})

block("context_actions", {
  items = "elements", surfaces = IN_MESSAGES,
  fields = { elements = elements_of("context_actions", 1, 5) },
})

block("input", {
  args = { "label", "element" },
  fields = {
    label = required(plain(2000)), element = required(typed("elements", "input")),
    hint = plain(2000), optional = boolean, dispatch_action = boolean,
  },
})

block("rich_text", {
  items = "elements",
  fields = { elements = required(list(typed("rich_text_parts", nil, "rich_text_section"))) },
})

local HTTPS = { pattern = "^https://", expected = "a URL that begins with https://" }

block("video", {
  args = { "video_url", "title" },
  fields = {
    video_url = required(string(nil, { min = 1 })), title = required(plain(199)),
    thumbnail_url = required(string(nil, { min = 1 })), alt_text = required(string()),
    title_url = string(nil, HTTPS),
    author_name = string(49), provider_name = string(), provider_icon_url = string(),
    description = plain(),
  },
})

block("file", {
  args = { "external_id" },
  fields = { external_id = required(string()), source = required(schema.one_of "remote") },
  defaults = { source = "remote" },
})

block("markdown", {
  args = { "text" }, surfaces = IN_MESSAGES,
  fields = { text = required(string(12000, { min = 1 })) },
})

block("table", {
  items = "rows", surfaces = IN_MESSAGES,
  fields = {
    rows = required(list(list(typed("cells", nil, "raw_text"), 1, 20, "cells"), 1, 100, "rows")),
    column_settings = list(object "column_setting", nil, 20, "columns"),
  },
})

-- Newer ones, of which some facts are known ------------------------------------------

block("alert", {
  args = { "text" },
  fields = {
    text = required(text()),
    level = schema.one_of("default", "info", "warning", "error", "success"),
  },
})

local IMAGE = schema.only(typed "elements", { image = true })

block("card", {
  args = { "title" },
  fields = {
    title = text(150), subtitle = text(150), body = text(200),
    hero_image = IMAGE, icon = IMAGE,
    actions = list(typed("elements", "actions")),
  },
  relations = { relations.some_of("hero_image", "title", "actions", "body") },
})

block("carousel", {
  items = "elements",
  fields = {
    elements = required(list(schema.only(typed "blocks", { card = true }), 1, 10, "cards")),
  },
})

block("container", {
  args = { "title" }, items = "child_blocks",
  fields = {
    title = plain(150), subtitle = text(150),
    child_blocks = required(list(typed("blocks", nil, "section"), 1, 10, "blocks")),
    is_collapsible = boolean, default_collapsed = boolean, has_header_divider = boolean,
  },
})

block("task_card", {
  args = { "task_id", "title" },
  fields = {
    task_id = required(string()), title = required(string()),
    status = schema.one_of("pending", "in_progress", "complete", "error"),
  },
})

block("plan", {
  args = { "title" }, items = "tasks",
  fields = {
    title = required(string()), tasks = list(schema.only(typed "blocks", { task_card = true })),
  },
})

for _, name in ipairs { "data_table", "data_visualization", "call" } do
  block(name, {})
end

-- Cells of tables ---------------------------------------------------------------------

schema.define("cells", {}, "raw_text", {
  args = { "text" }, fields = { text = required(string()) },
})
schema.define("cells", {}, "rich_text", schema.rules.blocks.rich_text)
