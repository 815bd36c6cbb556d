-- Elements: what stands in blocks, and which blocks may hold it.

local relations = require "slack.blocks.relations"
local schema = require "slack.blocks.schema"

local required, list, object = schema.required, schema.list, schema.object
local string, plain, boolean, integer = schema.string, schema.plain, schema.boolean, schema.integer

local ANYWHERE = { "section", "actions", "input" }
local DATE = { pattern = "^%d%d%d%d%-[01]%d%-[0-3]%d$", expected = "a date as 2026-01-31" }
local TIME = { pattern = "^[012]%d:[0-5]%d$", expected = "a time as 09:30" }

local INTERACTIVE = { action_id = string(255) }
local FOCUS = { focus_on_load = boolean }

local function element(name, rule)
  schema.define("elements", INTERACTIVE, name, rule)
end

local function with(fields, ...)
  for _, more in ipairs { ... } do
    for name, kind in pairs(more) do
      fields[name] = fields[name] or kind
    end
  end
  return fields
end

-- Shown only ------------------------------------------------------------------------

for _, name in ipairs { "plain_text", "mrkdwn" } do
  schema.define("elements", {}, name, {
    args = { "text" }, places = { "context" },
    fields = {
      text = required(string(3000, { min = 1 })),
      emoji = name == "plain_text" and boolean or nil,
      verbatim = name == "mrkdwn" and boolean or nil,
    },
  })
end

schema.define("elements", {}, "image", {
  args = { "image_url", "alt_text" }, places = { "section", "context" },
  fields = {
    image_url = string(3000, { min = 1 }), slack_file = object "slack_file",
    alt_text = required(string(2000, { min = 1 })),
  },
  relations = { relations.either("image_url", "slack_file") },
})

-- Buttons ---------------------------------------------------------------------------

element("button", {
  args = { "text", "action_id", "value" }, places = { "section", "actions" },
  fields = {
    text = required(plain(75)), value = string(2000), url = string(3000),
    style = schema.one_of("primary", "danger"), accessibility_label = string(75),
    confirm = object "confirm",
  },
})

element("workflow_button", {
  args = { "text", "action_id" }, places = { "section", "actions" },
  fields = {
    text = required(plain(75)), workflow = required(object "workflow"),
    style = schema.one_of("primary", "danger"), accessibility_label = string(75),
  },
})

element("feedback_buttons", {
  args = { "action_id" }, places = { "context_actions" },
  fields = {
    positive_button = required(object "feedback_button"),
    negative_button = required(object "feedback_button"),
  },
})

element("icon_button", {
  args = { "text", "action_id" }, places = { "context_actions" },
  fields = {
    icon = required(string()), text = required(plain(75)), value = string(2000),
    visible_to_user_ids = list(string()), accessibility_label = string(75),
    confirm = object "confirm",
  },
})

element("overflow", {
  args = { "action_id" }, items = "options", places = { "section", "actions" },
  fields = {
    options = required(list(object "menu_option", 1, 5, "options")), confirm = object "confirm",
  },
})

-- Menus -----------------------------------------------------------------------------

-- The option that has this value, for one that was named by its value alone.
local function option_for(menu, named)
  local found = relations.each_option(menu, function(option)
    return option.value == named.value and option
  end)
  return found and { text = found.text, value = found.value, description = found.description }
    or named
end

local function choose_initial(menu, source)
  if type(source.initial_option) ~= "table" and type(menu.initial_option) == "table" then
    menu.initial_option = option_for(menu, menu.initial_option)
  end
  local several = type(source.initial_options) == "table" and source.initial_options or {}
  for i, value in ipairs(several) do
    if type(value) ~= "table" and type(menu.initial_options[i]) == "table" then
      menu.initial_options[i] = option_for(menu, menu.initial_options[i])
    end
  end
end

local MENU = with({ placeholder = plain(150), confirm = object "confirm" }, FOCUS)
local STATIC = {
  options = list(object "menu_option", 1, 100, "options"),
  option_groups = list(object "option_group", 1, 100, "groups"),
}
local SEVERAL = { max_selected_items = integer(1) }
local CONVERSATIONS = {
  default_to_current_conversation = boolean, filter = object "conversation_filter",
}

element("static_select", {
  args = { "action_id" }, items = "options", places = ANYWHERE, finish = choose_initial,
  fields = with({ initial_option = object "menu_option" }, STATIC, MENU),
  relations = { relations.either("options", "option_groups"), relations.initial_option },
})

element("multi_static_select", {
  args = { "action_id" }, items = "options", places = ANYWHERE, finish = choose_initial,
  fields = with({
    initial_options = list(object "menu_option", 1, 100, "options"),
  }, STATIC, SEVERAL, MENU),
  relations = {
    relations.either("options", "option_groups"), relations.initial_options,
    relations.at_most_selected "initial_options",
  },
})

element("external_select", {
  args = { "action_id" }, places = ANYWHERE,
  fields = with({ initial_option = object "menu_option", min_query_length = integer(0) }, MENU),
})

element("multi_external_select", {
  args = { "action_id" }, places = ANYWHERE,
  fields = with({
    initial_options = list(object "menu_option", 1, 100, "options"), min_query_length = integer(0),
  }, SEVERAL, MENU),
  relations = { relations.at_most_selected "initial_options" },
})

-- Menus that Slack fills itself: the type, what is chosen at first, what else.
for what, more in pairs {
  user = {},
  channel = { response_url_enabled = boolean },
  conversation = with({ response_url_enabled = boolean }, CONVERSATIONS),
} do
  local initial = "initial_" .. what
  element(what .. "s_select", {
    args = { "action_id" }, places = ANYWHERE,
    fields = with({ [initial] = string() }, more, MENU),
  })
  element("multi_" .. what .. "s_select", {
    args = { "action_id" }, places = ANYWHERE,
    fields = with({ [initial .. "s"] = list(string()) }, SEVERAL,
      what == "conversation" and CONVERSATIONS or {}, MENU),
    relations = { relations.at_most_selected(initial .. "s") },
  })
end

-- Boxes, dates, times ---------------------------------------------------------------

element("checkboxes", {
  args = { "action_id" }, items = "options", places = ANYWHERE, finish = choose_initial,
  fields = with({
    options = required(list(object "option", 1, 10, "options")),
    initial_options = list(object "option", 1, 10, "options"), confirm = object "confirm",
  }, FOCUS),
  relations = { relations.initial_options },
})

element("radio_buttons", {
  args = { "action_id" }, items = "options", places = ANYWHERE, finish = choose_initial,
  fields = with({
    options = required(list(object "option", 1, 10, "options")),
    initial_option = object "option", confirm = object "confirm",
  }, FOCUS),
  relations = { relations.initial_option },
})

element("datepicker", {
  args = { "action_id" }, places = ANYWHERE,
  fields = with({ initial_date = string(nil, DATE) }, MENU),
})

element("timepicker", {
  args = { "action_id" }, places = ANYWHERE,
  fields = with({ initial_time = string(nil, TIME), timezone = string() }, MENU),
})

element("datetimepicker", {
  args = { "action_id" }, places = ANYWHERE,
  fields = with({
    initial_date_time = integer(1000000000, 9999999999), confirm = object "confirm",
  }, FOCUS),
})

-- Inputs ----------------------------------------------------------------------------

local TYPED_IN = with({
  placeholder = plain(150), dispatch_action_config = object "dispatch_action_config",
}, FOCUS)

local function input(name, fields, more)
  local rule = more or {}
  rule.args, rule.places, rule.fields = { "action_id" }, { "input" }, fields
  element(name, rule)
end

input("plain_text_input", with({
  initial_value = string(3000), multiline = boolean, min_length = integer(0, 3000),
  max_length = integer(1, 3000),
}, TYPED_IN), { relations = { relations.ordered("min_length", "max_length") } })

input("number_input", with({
  is_decimal_allowed = required(boolean), initial_value = schema.numeral,
  min_value = schema.numeral, max_value = schema.numeral,
}, TYPED_IN), {
  defaults = { is_decimal_allowed = false },
  relations = {
    relations.ordered("min_value", "max_value"),
    relations.between("initial_value", "min_value", "max_value"),
  },
})

for _, name in ipairs { "email_text_input", "url_text_input" } do
  input(name, with({ initial_value = string() }, TYPED_IN))
end

element("rich_text_input", {
  args = { "action_id" }, places = { "actions", "input" },
  fields = with({
    initial_value = schema.only(schema.typed "blocks", { rich_text = true }),
  }, TYPED_IN),
})

input("file_input", { filetypes = list(string()), max_files = integer(1, 10) },
  { surfaces = { "modal" } })
