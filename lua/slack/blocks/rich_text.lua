-- Rich text: lists, quotes and sections of styled leaves.

local schema = require "slack.blocks.schema"

local required, list, string = schema.required, schema.list, schema.string
local boolean, integer = schema.boolean, schema.integer

local BORDER = integer(0, 1)

-- Parts -----------------------------------------------------------------------------

local function part(name, rule)
  schema.define("rich_text_parts", {}, name, rule)
end

local LEAVES = list(schema.typed("rich_text_leaves", nil, "text"))

part("rich_text_section", { items = "elements", fields = { elements = required(LEAVES) } })

part("rich_text_list", {
  items = "elements",
  fields = {
    elements = required(list(schema.only(
      schema.typed("rich_text_parts", nil, "rich_text_section"), { rich_text_section = true }))),
    style = required(schema.one_of("bullet", "ordered")),
    indent = integer(0), offset = integer(0), border = BORDER,
  },
  defaults = { style = "bullet" },
})

part("rich_text_quote", {
  items = "elements", fields = { elements = required(LEAVES), border = BORDER },
})

part("rich_text_preformatted", {
  items = "elements",
  fields = { elements = required(LEAVES), border = BORDER, language = string() },
})

-- Leaves ----------------------------------------------------------------------------

schema.define("objects", {}, "leaf_style", {
  fields = {
    bold = boolean, italic = boolean, strike = boolean, code = boolean, underline = boolean,
    highlight = boolean, client_highlight = boolean, unlink = boolean,
  },
  items = "_styles",
  -- { "bold", "code" } is { bold = true, code = true }.
  finish = function(style)
    for _, name in ipairs(style._styles or {}) do
      style[name] = true
    end
    style._styles = nil
  end,
})

local STYLED = { style = schema.object "leaf_style" }

local function leaf(name, args, fields)
  schema.define("rich_text_leaves", STYLED, name, { args = args, fields = fields })
end

leaf("text", { "text" }, { text = required(string(nil, { min = 1 })) })
leaf("link", { "url", "text" }, {
  url = required(string(nil, { min = 1 })), text = string(), unsafe = boolean,
})
leaf("user", { "user_id" }, { user_id = required(string()) })
leaf("usergroup", { "usergroup_id" }, { usergroup_id = required(string()) })
leaf("channel", { "channel_id" }, { channel_id = required(string()) })
leaf("emoji", { "name" }, { name = required(string()), unicode = string(), url = string() })
leaf("broadcast", { "range" }, { range = required(schema.one_of("here", "channel", "everyone")) })
leaf("date", { "timestamp", "format" }, {
  timestamp = required(integer()), format = required(string()), url = string(),
  fallback = string(),
})
leaf("color", { "value" }, { value = required(string()) })
leaf("team", { "team_id" }, { team_id = required(string()) })
