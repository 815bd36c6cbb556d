-- Composition objects: what blocks and elements are put together of.

local relations = require "slack.blocks.relations"
local schema = require "slack.blocks.schema"

local required, list, one_of = schema.required, schema.list, schema.one_of
local string, plain, label = schema.string, schema.plain, schema.label

local function object(name, rule)
  schema.define("objects", {}, name, rule)
end

-- A text alone is its own value.
local function complete(option)
  if option.value == nil and type(option.text) == "table" then
    option.value = option.text.text
  end
end

-- Boxes and radio buttons may have markup, menus not.
for name, text in pairs { option = label(75), menu_option = plain(75) } do
  object(name, {
    args = { "text", "value", "description" }, finish = complete,
    fields = {
      text = required(text), value = required(string(150)), description = text,
      url = string(3000),
    },
  })
end

object("option_group", {
  args = { "label" }, items = "options",
  fields = {
    label = required(plain(75)),
    options = required(list(schema.object "menu_option", 1, 100, "options")),
  },
})

object("confirm", {
  args = { "text" },
  fields = {
    title = required(plain(100)), text = required(label(300)), confirm = required(plain(30)),
    deny = required(plain(30)), style = one_of("primary", "danger"),
  },
  defaults = { title = "Are you sure?", confirm = "Yes", deny = "No" },
})

object("conversation_filter", {
  items = "include",
  fields = {
    include = list(one_of("im", "mpim", "private", "public"), 1, 4, "kinds of conversation"),
    exclude_external_shared_channels = schema.boolean, exclude_bot_users = schema.boolean,
  },
  relations = {
    relations.some_of("include", "exclude_external_shared_channels", "exclude_bot_users"),
  },
})

object("dispatch_action_config", {
  items = "trigger_actions_on",
  fields = {
    trigger_actions_on = list(one_of("on_enter_pressed", "on_character_entered"), 1, 2, "times"),
  },
})

object("slack_file", {
  args = { "id" },
  fields = { id = string(), url = string(3000) },
  relations = { relations.either("id", "url") },
})

object("trigger", {
  args = { "url" },
  fields = {
    url = required(string()), customizable_input_parameters = list(schema.object "parameter"),
  },
})

object("parameter", {
  args = { "name", "value" },
  fields = { name = required(string()), value = required(schema.any) },
})

object("workflow", {
  args = { "trigger" },
  fields = { trigger = required(schema.object "trigger") },
})

object("feedback_button", {
  args = { "text", "value" },
  fields = {
    text = required(plain(75)), value = required(string(2000)), accessibility_label = string(75),
  },
})

object("column_setting", {
  fields = { align = one_of("left", "center", "right"), is_wrapped = schema.boolean },
})

object("raw_text", {
  args = { "text" }, has_type = true,
  fields = { text = required(string()) },
})

object("url_source", {
  args = { "url", "text" }, has_type = true,
  fields = { url = required(string()), text = required(string()) },
})
