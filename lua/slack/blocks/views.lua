-- Views and messages: what holds blocks.

local schema = require "slack.blocks.schema"

local required, string, plain, boolean =
  schema.required, schema.string, schema.plain, schema.boolean

local COMMON = {
  private_metadata = string(3000), callback_id = string(255), external_id = string(255),
  blocks = required(schema.list(schema.typed("blocks", nil, "section"), nil, 100, "blocks")),
}

-- Slack's words for what has no type of its own.
schema.define("views", COMMON, "modal", {
  args = { "title" }, items = "blocks",
  fields = {
    title = required(plain(24)), submit = plain(24), close = plain(24), clear_on_close = boolean,
    notify_on_close = boolean,
  },
})

schema.define("views", COMMON, "home", {
  items = "blocks",
  forbidden = {
    title = "a home tab has none", submit = "a home tab has none", close = "a home tab has none",
  },
})

-- What a menu's options listener answers.
schema.define("objects", {}, "options_answer", {
  fields = {
    options = schema.list(schema.object "menu_option", nil, 100, "options"),
    option_groups = schema.list(schema.object "option_group", nil, 100, "groups"),
  },
})

schema.define("objects", {}, "attachment", {
  fields = { blocks = schema.list(schema.typed("blocks"), nil, 50, "blocks") },
})

schema.define("objects", {}, "message", {
  args = { "text" }, items = "blocks",
  fields = {
    text = string(),
    blocks = schema.list(schema.typed("blocks", nil, "section"), nil, 50, "blocks"),
    attachments = schema.list(schema.object "attachment"),
  },
})
