local blocks = require "slack.blocks"
local files = require "support.files"
local json = require "slack.json"
local samples = require "support.samples"

local check = blocks.check

local function plain(text)
  return { type = "plain_text", text = text }
end

local function mrkdwn(text)
  return { type = "mrkdwn", text = text }
end

-- n characters, each of two bytes.
local function long(n)
  return ("é"):rep(n)
end

local function many(n, make)
  local list = {}
  for i = 1, n do
    list[i] = make(i)
  end
  return list
end

local function option(i)
  return { text = plain("option " .. i), value = tostring(i) }
end

local function button(i)
  return { type = "button", text = plain "Go", action_id = "button " .. i }
end

local function section(text)
  return { type = "section", text = mrkdwn(type(text) == "string" and text or "x") }
end

local function with(object, fields)
  local copy = {}
  for key, value in pairs(object) do
    copy[key] = value
  end
  for key, value in pairs(fields) do
    copy[key] = value
  end
  return copy
end

local function menu(fields)
  return with({
    type = "static_select", action_id = "s", options = { option(1), option(2) },
  }, fields)
end

local CELL = { type = "raw_text", text = "" }

local function in_actions(element)
  return { { type = "actions", elements = { element } } }
end

local function in_input(element)
  return { { type = "input", label = plain "L", element = element } }
end

local function confirm(fields)
  return in_actions(with(button(1), { confirm = with({
    title = plain "t", text = plain "t", confirm = plain "c", deny = plain "d",
  }, fields) }))
end

local function modal(fields)
  return with({ type = "modal", title = plain "T", blocks = {} }, fields)
end

local function image(fields)
  return { with({ type = "image", image_url = "https://a", alt_text = "a" }, fields) }
end

local function video(fields)
  return { with({
    type = "video", title = plain "t", video_url = "https://v", thumbnail_url = "https://t",
    alt_text = "a",
  }, fields) }
end

local function text_input(fields)
  return in_input(with({ type = "plain_text_input", action_id = "t" }, fields))
end

-- What makes a value with n of something, the most that Slack takes, and the path of
-- the problem with one more.
local LIMITS = {}

local function limit(what, most, path, make)
  table.insert(LIMITS, { what = what, most = most, path = path, make = make })
end

limit("characters of a block_id", 255, "blocks[1].block_id", function(n)
  return { { type = "divider", block_id = long(n) } }
end)
limit("characters in a section", 3000, "blocks[1].text.text", function(n)
  return { section(long(n)) }
end)
limit("fields of a section", 10, "blocks[1].fields[11]", function(n)
  return { { type = "section", fields = many(n, function() return mrkdwn "x" end) } }
end)
limit("characters of a field", 2000, "blocks[1].fields[1].text", function(n)
  return { { type = "section", fields = { mrkdwn(long(n)) } } }
end)
limit("characters of a header", 150, "blocks[1].text.text", function(n)
  return { { type = "header", text = plain(long(n)) } }
end)
limit("characters of an image's URL", 3000, "blocks[1].image_url", function(n)
  return image { image_url = long(n) }
end)
limit("characters of an alt_text", 2000, "blocks[1].alt_text", function(n)
  return image { alt_text = long(n) }
end)
limit("characters of an image's title", 2000, "blocks[1].title.text", function(n)
  return image { title = plain(long(n)) }
end)
limit("elements of an actions block", 25, "blocks[1].elements[26]", function(n)
  return { { type = "actions", elements = many(n, button) } }
end)
limit("elements of a context block", 10, "blocks[1].elements[11]", function(n)
  return { { type = "context", elements = many(n, function() return mrkdwn "x" end) } }
end)
limit("elements of a context_actions block", 5, "blocks[1].elements[6]", function(n)
  return { { type = "context_actions", elements = many(n, function(i)
    return { type = "icon_button", icon = "trash", text = plain "x", action_id = "i" .. i }
  end) } }
end)
limit("characters of a label", 2000, "blocks[1].label.text", function(n)
  return { with(text_input {}[1], { label = plain(long(n)) }) }
end)
limit("characters of a hint", 2000, "blocks[1].hint.text", function(n)
  return { with(text_input {}[1], { hint = plain(long(n)) }) }
end)
limit("characters of a video's title", 199, "blocks[1].title.text", function(n)
  return video { title = plain(long(n)) }
end)
limit("characters of a video's author", 49, "blocks[1].author_name", function(n)
  return video { author_name = long(n) }
end)
limit("characters of a markdown block", 12000, "blocks[1].text", function(n)
  return { { type = "markdown", text = long(n) } }
end)
limit("characters of all markdown blocks", 12000, "blocks[2].text", function(n)
  return { { type = "markdown", text = long(6000) }, { type = "markdown", text = long(n - 6000) } }
end)
limit("rows of a table", 100, "blocks[1].rows[101]", function(n)
  return { { type = "table", rows = many(n, function() return { CELL } end) } }
end)
limit("cells of a row", 20, "blocks[1].rows[1][21]", function(n)
  return { { type = "table", rows = { many(n, function() return CELL end) } } }
end)
limit("tables", 1, "blocks[2]", function(n)
  return many(n, function() return { type = "table", rows = { { CELL } } } end)
end)
limit("cards of a carousel", 10, "blocks[1].elements[11]", function(n)
  local cards = many(n, function() return { type = "card", title = mrkdwn "x" } end)
  return { { type = "carousel", elements = cards } }
end)
limit("characters of a card's body", 200, "blocks[1].body.text", function(n)
  return { { type = "card", body = mrkdwn(long(n)) } }
end)
limit("blocks of a container", 10, "blocks[1].child_blocks[11]", function(n)
  return { { type = "container", title = plain "x", child_blocks = many(n, section) } }
end)

limit("characters of an action_id", 255, "blocks[1].elements[1].action_id", function(n)
  return in_actions(with(button(1), { action_id = long(n) }))
end)
limit("characters on a button", 75, "blocks[1].elements[1].text.text", function(n)
  return in_actions(with(button(1), { text = plain(long(n)) }))
end)
limit("characters of a button's value", 2000, "blocks[1].elements[1].value", function(n)
  return in_actions(with(button(1), { value = long(n) }))
end)
limit("characters of a button's URL", 3000, "blocks[1].elements[1].url", function(n)
  return in_actions(with(button(1), { url = long(n) }))
end)
limit("characters of an accessibility_label", 75,
    "blocks[1].elements[1].accessibility_label", function(n)
  return in_actions(with(button(1), { accessibility_label = long(n) }))
end)
limit("options of a menu", 100, "blocks[1].elements[1].options[101]", function(n)
  return in_actions(menu { options = many(n, option) })
end)
limit("groups of a menu", 100, "blocks[1].elements[1].option_groups[101]", function(n)
  local groups = many(n, function() return { label = plain "g", options = { option(1) } } end)
  return in_actions { type = "static_select", option_groups = groups }
end)
limit("options of a group", 100, "blocks[1].elements[1].option_groups[1].options[101]", function(n)
  local groups = { { label = plain "g", options = many(n, option) } }
  return in_actions { type = "static_select", option_groups = groups }
end)
limit("characters of a group's label", 75,
    "blocks[1].elements[1].option_groups[1].label.text", function(n)
  local groups = { { label = plain(long(n)), options = { option(1) } } }
  return in_actions { type = "static_select", option_groups = groups }
end)
limit("characters of an option", 75, "blocks[1].elements[1].options[1].text.text", function(n)
  return in_actions(menu { options = { { text = plain(long(n)), value = "1" } } })
end)
limit("characters of an option's value", 150, "blocks[1].elements[1].options[1].value", function(n)
  return in_actions(menu { options = { { text = plain "x", value = long(n) } } })
end)
limit("characters of an option's description", 75,
    "blocks[1].elements[1].options[1].description.text", function(n)
  return in_actions(menu { options = { with(option(1), { description = plain(long(n)) }) } })
end)
limit("characters of a placeholder", 150, "blocks[1].elements[1].placeholder.text", function(n)
  return in_actions(menu { placeholder = plain(long(n)) })
end)
limit("options of an overflow menu", 5, "blocks[1].elements[1].options[6]", function(n)
  return in_actions { type = "overflow", options = many(n, option) }
end)
limit("checkboxes", 10, "blocks[1].elements[1].options[11]", function(n)
  return in_actions { type = "checkboxes", options = many(n, option) }
end)
limit("radio buttons", 10, "blocks[1].elements[1].options[11]", function(n)
  return in_actions { type = "radio_buttons", options = many(n, option) }
end)
limit("options chosen at first", 2, "blocks[1].elements[1].initial_options[3]", function(n)
  return in_actions(with(menu { options = many(3, option) }, {
    type = "multi_static_select", max_selected_items = 2, initial_options = many(n, option),
  }))
end)
limit("min_length", 3000, "blocks[1].element.min_length", function(n)
  return text_input { min_length = n }
end)
limit("max_length", 3000, "blocks[1].element.max_length", function(n)
  return text_input { max_length = n }
end)
limit("characters of an initial_value", 3000, "blocks[1].element.initial_value", function(n)
  return text_input { initial_value = long(n) }
end)
limit("files", 10, "blocks[1].element.max_files", function(n)
  return in_input { type = "file_input", action_id = "f", max_files = n }
end)
limit("elements with the focus", 1, "blocks[2].element.focus_on_load", function(n)
  return many(n, function(i)
    return in_input { type = "plain_text_input", action_id = "a" .. i, focus_on_load = true }[1]
  end)
end)

limit("characters of a dialog's title", 100, "blocks[1].elements[1].confirm.title.text", function(n)
  return confirm { title = plain(long(n)) }
end)
limit("characters of a dialog", 300, "blocks[1].elements[1].confirm.text.text", function(n)
  return confirm { text = mrkdwn(long(n)) }
end)
limit("characters of a dialog's yes", 30, "blocks[1].elements[1].confirm.confirm.text", function(n)
  return confirm { confirm = plain(long(n)) }
end)
limit("characters of a dialog's no", 30, "blocks[1].elements[1].confirm.deny.text", function(n)
  return confirm { deny = plain(long(n)) }
end)

limit("blocks in a message", 50, "blocks[51]", function(n)
  return { text = "x", blocks = many(n, section) }
end)
limit("blocks in an attachment", 50, "attachments[1].blocks[51]", function(n)
  return { attachments = { { blocks = many(n, section) } } }
end)
limit("blocks in a modal", 100, "blocks[101]", function(n)
  return modal { blocks = many(n, section) }
end)
limit("blocks in a home tab", 100, "blocks[101]", function(n)
  return { type = "home", blocks = many(n, section) }
end)
limit("characters of a modal's title", 24, "title.text", function(n)
  return modal { title = plain(long(n)) }
end)
limit("characters of submit", 24, "submit.text", function(n)
  return modal { submit = plain(long(n)) }
end)
limit("characters of close", 24, "close.text", function(n)
  return modal { close = plain(long(n)) }
end)
limit("characters of private_metadata", 3000, "private_metadata", function(n)
  return modal { private_metadata = long(n) }
end)
limit("characters of a callback_id", 255, "callback_id", function(n)
  return modal { callback_id = long(n) }
end)
limit("characters of an external_id", 255, "external_id", function(n)
  return modal { external_id = long(n) }
end)

-- Code, path and a part of the message of the first problem of a value.
local WRONG = {
  ["no table"] = { "text", "wrong_type", "", "a table with blocks expected, got \"text\"" },
  ["a table with nothing of that kind"] = {
    { view_id = "V1" }, "wrong_type", "", "blocks, a message or a view expected, got a table",
  },
  ["text in the place of a text object"] = {
    { { type = "section", text = "x" } }, "wrong_type", "blocks[1].text", "a text object expected",
  },
  ["markup where there is none"] = {
    { { type = "header", text = mrkdwn "x" } }, "not_allowed", "blocks[1].text.type",
    "\"plain_text\" expected, got \"mrkdwn\"",
  },
  ["a text of no kind"] = { { { type = "section", text = { text = "x" } } }, "missing",
    "blocks[1].text.type", "\"plain_text\" or \"mrkdwn\" expected, got nothing" },
  ["a text object without text"] = {
    { { type = "section", text = { type = "mrkdwn" } } }, "missing", "blocks[1].text.text",
    "it is required",
  },
  ["an empty text"] = { { section "" }, "too_short", "blocks[1].text.text", "it is empty" },
  ["emoji in mrkdwn"] = {
    { { type = "section", text = { type = "mrkdwn", text = "x", emoji = true } } }, "not_allowed",
    "blocks[1].text.emoji", "only text of type plain_text has it",
  },
  ["a section with nothing"] = {
    { { type = "section" } }, "missing", "blocks[1]", "text or fields is required",
  },
  ["a block without a type"] = { { {} }, "missing", "blocks[1].type", "the type of the block" },
  ["an element among blocks"] = {
    { button(1) }, "not_allowed", "blocks[1].type", "button cannot stand here; what can: actions,",
  },
  ["an input's element in a section"] = {
    { with(section(), { accessory = { type = "plain_text_input" } }) }, "not_allowed",
    "blocks[1].accessory.type", "plain_text_input cannot stand here, in a block of type section",
  },
  ["a button in an input block"] = {
    in_input(button(1)), "not_allowed", "blocks[1].element.type", "what can: channels_select",
  },
  ["a menu in a context block"] = {
    { { type = "context", elements = { menu {} } } }, "not_allowed", "blocks[1].elements[1].type",
    "what can: image, mrkdwn, plain_text",
  },
  ["an actions block with nothing"] = {
    { { type = "actions", elements = {} } }, "too_few", "blocks[1].elements",
    "at least 1 elements, got 0",
  },
  ["a map in the place of a list"] = {
    { { type = "actions", elements = { a = button(1) } } }, "wrong_type", "blocks[1].elements",
    "a list of elements expected, got a table",
  },
  ["options and groups"] = {
    in_actions(menu { option_groups = { { label = plain "g", options = { option(1) } } } }),
    "conflict", "blocks[1].elements[1].option_groups", "options and option_groups cannot both",
  },
  ["neither options nor groups"] = {
    in_actions { type = "static_select", action_id = "s" }, "missing", "blocks[1].elements[1]",
    "options or option_groups is required",
  },
  ["an initial option that is none of the options"] = {
    in_actions(menu { initial_option = option(3) }), "unknown_value",
    "blocks[1].elements[1].initial_option", "there is none with the value 3",
  },
  ["an initial option with another text"] = {
    in_actions(menu { initial_option = { text = plain "x", value = "1" } }), "unknown_value",
    "blocks[1].elements[1].initial_option", "with the same text and value",
  },
  ["initial options of which one is none of the options"] = {
    in_actions { type = "checkboxes", options = { option(1) },
      initial_options = { option(1), option(2) } },
    "unknown_value", "blocks[1].elements[1].initial_options[2]", "it must be one of the options",
  },
  ["markup in a menu"] = {
    in_actions(menu { options = { { text = mrkdwn "*x*", value = "1" } } }), "not_allowed",
    "blocks[1].elements[1].options[1].text.type", "\"plain_text\" expected, got \"mrkdwn\"",
  },
  ["an unknown style"] = {
    in_actions(with(button(1), { style = "primry" })), "unknown_value",
    "blocks[1].elements[1].style",
    "\"primary\" or \"danger\" expected, got \"primry\"; did you mean \"primary\"?",
  },
  ["a dialog without a title"] = {
    confirm { title = json.null }, "missing", "blocks[1].elements[1].confirm.title",
    "it is required",
  },
  ["an image with two sources"] = {
    image { slack_file = { id = "F1" } }, "conflict", "blocks[1].slack_file",
    "image_url and slack_file cannot both be there",
  },
  ["an image without words"] = {
    { { type = "image", image_url = "https://a" } }, "missing", "blocks[1].alt_text",
    "it is required",
  },
  ["a number input that does not say whether fractions are allowed"] = {
    in_input { type = "number_input" }, "missing", "blocks[1].element.is_decimal_allowed",
    "it is required",
  },
  ["a limit that is a number"] = {
    in_input { type = "number_input", is_decimal_allowed = true, min_value = 1 }, "wrong_type",
    "blocks[1].element.min_value", "a number as text expected (\"9.5\"), got 1",
  },
  ["limits that exclude all"] = {
    in_input { type = "number_input", is_decimal_allowed = true, min_value = "10",
      max_value = "9.5" },
    "conflict", "blocks[1].element.min_value", "min_value (10) is above max_value (9.5)",
  },
  ["a first number out of the limits"] = {
    in_input { type = "number_input", is_decimal_allowed = true, initial_value = "10",
      max_value = "9" },
    "out_of_range", "blocks[1].element.initial_value", "at most 9 (max_value), got 10",
  },
  ["a shortest length above the longest"] = {
    text_input { min_length = 9, max_length = 8 }, "conflict", "blocks[1].element.min_length",
    "min_length (9) is above max_length (8)",
  },
  ["a longest length of nothing"] = {
    text_input { max_length = 0 }, "out_of_range", "blocks[1].element.max_length",
    "at least 1, got 0",
  },
  ["an unknown occasion"] = {
    text_input { dispatch_action_config = { trigger_actions_on = { "on_enter" } } },
    "unknown_value", "blocks[1].element.dispatch_action_config.trigger_actions_on[1]",
    "\"on_enter_pressed\" or \"on_character_entered\" expected",
  },
  ["a date of another form"] = {
    in_actions { type = "datepicker", initial_date = "31.1.2026" }, "malformed",
    "blocks[1].elements[1].initial_date", "a date as 2026-01-31 expected, got \"31.1.2026\"",
  },
  ["a time of another form"] = {
    in_actions { type = "timepicker", initial_time = "9:30" }, "malformed",
    "blocks[1].elements[1].initial_time", "a time as 09:30 expected",
  },
  ["a time in milliseconds"] = {
    in_actions { type = "datetimepicker", initial_date_time = 1767610800000 }, "out_of_range",
    "blocks[1].elements[1].initial_date_time", "at most 9999999999",
  },
  ["selecting none at most"] = {
    in_actions { type = "multi_users_select", max_selected_items = 0 }, "out_of_range",
    "blocks[1].elements[1].max_selected_items", "at least 1, got 0",
  },
  ["a filter that includes nothing known"] = {
    in_actions { type = "conversations_select", filter = { include = { "dm" } } },
    "unknown_value", "blocks[1].elements[1].filter.include[1]", "\"im\", \"mpim\", ",
  },
  ["a filter that filters nothing"] = {
    in_actions { type = "conversations_select", filter = {} }, "missing",
    "blocks[1].elements[1].filter", "include, exclude_external_shared_channels or",
  },
  ["a file that is not remote"] = {
    { { type = "file", external_id = "x", source = "here" } }, "unknown_value",
    "blocks[1].source", "\"remote\" expected, got \"here\"",
  },
  ["a list of another style"] = {
    { { type = "rich_text", elements = { { type = "rich_text_list", style = "dots",
      elements = {} } } } },
    "unknown_value", "blocks[1].elements[1].style", "\"bullet\" or \"ordered\" expected",
  },
  ["a leaf outside of a section"] = {
    { { type = "rich_text", elements = { { type = "rich_text_list", style = "bullet",
      elements = { { type = "rich_text_quote", elements = {} } } } } } },
    "not_allowed", "blocks[1].elements[1].elements[1].type", "what can: rich_text_section",
  },
  ["a leaf that lacks its id"] = {
    { { type = "rich_text", elements = { { type = "rich_text_section",
      elements = { { type = "user", name = "ada" } } } } } },
    "missing", "blocks[1].elements[1].elements[1].user_id", "it is required",
  },
  ["a style that is no yes or no"] = {
    { { type = "rich_text", elements = { { type = "rich_text_section",
      elements = { { type = "text", text = "x", style = { bold = 1 } } } } } } },
    "wrong_type", "blocks[1].elements[1].elements[1].style.bold", "true or false expected, got 1",
  },
  ["feedback buttons of which one is missing"] = {
    { { type = "context_actions", elements = { { type = "feedback_buttons",
      positive_button = { text = plain "x", value = "1" } } } } },
    "missing", "blocks[1].elements[1].negative_button", "it is required",
  },
  ["a response URL of a menu in an actions block"] = {
    in_actions { type = "channels_select", response_url_enabled = true }, "not_allowed",
    "blocks[1].elements[1].response_url_enabled", "it is for input blocks of modals only",
  },
  ["a response URL of a menu in a home tab"] = {
    { type = "home", blocks = in_input {
      type = "conversations_select", response_url_enabled = true,
    } }, "not_allowed", "blocks[1].element.response_url_enabled", "input blocks of modals only",
  },
  ["the same block_id twice"] = {
    { { type = "divider", block_id = "a" }, { type = "divider", block_id = "a" } }, "duplicate",
    "blocks[2].block_id", "\"a\" is that of blocks[1] already",
  },
  ["the same action_id twice in a block"] = {
    { { type = "actions", elements = { button(1), button(1) } } }, "duplicate",
    "blocks[1].elements[2].action_id", "is that of blocks[1].elements[1] already",
  },
  ["markdown in a modal"] = {
    modal { blocks = { { type = "markdown", text = "x" } } }, "not_allowed", "blocks[1]",
    "markdown is for messages only, not for a modal",
  },
  ["a file input in a home tab"] = {
    { type = "home", blocks = in_input { type = "file_input" } }, "not_allowed",
    "blocks[1].element", "file_input is for modals only, not for a home",
  },
  ["a modal without a title"] = {
    { type = "modal", blocks = {} }, "missing", "title", "it is required",
  },
  ["a modal without blocks"] = {
    { type = "modal", title = plain "x" }, "missing", "blocks", "it is required",
  },
  ["a modal with inputs that cannot be submitted"] = {
    modal { blocks = text_input {} }, "missing", "submit", "required in a modal with input blocks",
  },
  ["a home tab with a title"] = {
    { type = "home", title = plain "x", blocks = {} }, "not_allowed", "title",
    "a home tab has none",
  },
  ["a view that is too large"] = {
    modal { blocks = many(100, function() return section(long(1500)) end) }, "too_large", "",
    "at most 256000 bytes as JSON, got 3",
  },
  ["a view that JSON cannot hold"] = {
    modal { blocks = {}, future = print }, "not_json", "", "it cannot be sent as JSON: ",
  },
  ["a view among arguments"] = {
    { trigger_id = "1", view = { type = "modal", title = plain(long(25)), blocks = {} } },
    "too_long", "view.title.text", "at most 24 characters, got 25",
  },
  ["blocks of an unfurled link"] = {
    { unfurls = { ["https://a.b/"] = { blocks = { section "" } } } }, "too_short",
    "unfurls[\"https://a.b/\"].blocks[1].text.text", "it is empty",
  },
  ["an element alone"] = {
    with(button(1), { text = plain "" }), "too_short", "text.text", "it is empty",
  },
}

describe("blocks.check", function()
  for _, limit_here in ipairs(LIMITS) do
    local most = limit_here.most
    it(("takes %d %s, and names the place of one more (S257)"):format(most, limit_here.what),
      function()
        assert.same({ true }, { check(limit_here.make(most)) })
        local ok, err = check(limit_here.make(most + 1))
        assert.is_nil(ok)
        assert.equal(limit_here.path, err.path)
        assert.truthy(err.message:find("at most " .. most, 1, true) or err.code == "duplicate",
          err.message)
      end)
  end

  for what, case in pairs(WRONG) do
    it("refuses " .. what, function()
      local ok, err = check(case[1])
      assert.is_nil(ok)
      assert.same({ case[2], case[3] }, { err.code, err.path })
      assert.truthy(err.message:find(case[4], 1, true), err.message)
      local beginning = case[3] == "" and "" or case[3] .. ": "
      assert.equal(beginning, tostring(err):sub(1, #beginning))
      assert.same({ err.code, err.path }, { err.problems[1].code, err.problems[1].path })
    end)
  end

  it("lets pass what Slack may have added: types, and fields of any value (S257)", function()
    assert.is_true(check {
      { type = "hologram", depth = {} },
      with(section(), { future = { 1 }, accessory = { type = "lever" } }),
      { type = "actions", elements = { { type = "lever" }, with(button(1), { pull = true }) } },
      { type = "rich_text", elements = { { type = "rich_text_poem" } } },
    })
  end)

  it("says of it what looks misspelled when it is asked to be strict", function()
    local _, err = check({
      with(section(), { acessory = button(1) }), { type = "sektion" },
      in_actions(with(button(1), { acton_id = "x", far_away = 1 }))[1],
    }, { strict = true })
    local found = {}
    for i, problem in ipairs(err.problems) do
      found[i] = problem.path .. ": " .. problem.message
    end
    assert.same({
      "blocks[1].acessory: no such field of section is known; did you mean \"accessory\"?",
      "blocks[2].type: no type \"sektion\" is known; did you mean \"section\"?",
      "blocks[3].elements[1].acton_id: no such field of button is known; did you mean "
        .. "\"action_id\"?",
    }, found)
  end)

  it("allows markup on boxes and radio buttons", function()
    local options = { { text = mrkdwn "*x*", value = "1", description = mrkdwn "_y_" } }
    assert.is_true(check(in_actions { type = "checkboxes", options = options }))
    assert.is_true(check(in_actions { type = "radio_buttons", options = options }))
  end)

  it("takes null for a field that is not there", function()
    assert.is_true(check { with(section(), { accessory = json.null, block_id = json.null }) })
  end)

  it("allows an action_id in several blocks, and each block its ids", function()
    assert.is_true(check { in_actions(button(1))[1], in_actions(button(1))[1] })
  end)

  it("names the first problem, and has all of them", function()
    local _, err = check { section "", { type = "header" }, section(long(3001)) }
    assert.equal("blocks[1].text.text", err.path)
    assert.same({ "blocks[1].text.text", "blocks[2].text", "blocks[3].text.text" }, {
      err.problems[1].path, err.problems[2].path, err.problems[3].path,
    })
  end)

  it("is told where blocks alone are for", function()
    local list = { { type = "markdown", text = "x" } }
    assert.is_true(check(list))
    assert.is_true(check(list, { surface = "message" }))
    assert.is_nil(check(list, { surface = "home" }))
    local _, err = check(many(51, section), { surface = "message" })
    assert.equal("blocks[51]", err.path)
  end)

  it("never shows a long value in its message", function()
    local _, err = check { { type = "section", text = ("secret "):rep(100) } }
    assert.not_matches("secret", err.message)
  end)

  it("leaves what it looks at as it is", function()
    local value = modal { blocks = text_input {} }
    local before = json.decode(json.encode(value))
    check(value, { strict = true })
    assert.same(before, value)
  end)

  -- A value of any kind, often one that looks like a block.
  local function random_value(random, names, depth)
    local kind = random(12)
    if kind <= 5 and depth < 6 then
      local object = { type = random(4) > 1 and names[random(#names)] or nil }
      for _ = 1, random(0, 5) do
        object[names[random(#names)]] = random_value(random, names, depth + 1)
      end
      return object
    elseif kind <= 8 and depth < 6 then
      return many(random(0, 4), function() return random_value(random, names, depth + 1) end)
    end
    local plain_values = {
      "", "text", "mrkdwn", "plain_text", long(3001), 1, -1, 0.5, 1 / 0, 0 / 0, true, false,
      json.null, json.list {}, print, "\255\254", { [3] = 1 }, { [true] = 1 },
    }
    return plain_values[random(#plain_values)]
  end

  local function all_names()
    local rules, names = require "slack.blocks.rules", {}
    for _, by_type in pairs(rules) do
      for name, rule in pairs(by_type) do
        table.insert(names, name)
        table.move(rule.names, 1, #rule.names, #names + 1, names)
      end
    end
    table.sort(names)
    return names
  end

  it("never raises, whatever it is given", function()
    local names = all_names()
    math.randomseed(20261121)
    for _ = 1, 1000 do
      local value = random_value(math.random, names, 0)
      local ok, err = check(value, { strict = true })
      assert.truthy(ok == true or err.path and err.code and #err.message > 0)
    end
  end)

  it("looks over digits once, however many there are", function()
    local began = os.clock()
    for value, code in pairs {
      [("0"):rep(100000) .. "x"] = "malformed", [("1."):rep(50000)] = "malformed",
      [("0"):rep(100000) .. "1"] = false, ["-.5"] = false, ["5."] = "malformed",
    } do
      local _, err = check {
        in_input({ type = "number_input", is_decimal_allowed = true, initial_value = value })[1],
      }
      assert.equal(code, err and err.code or false)
    end
    assert.is_true(os.clock() - began < 1)
  end)

  it("ends also with what contains itself, or has no end of problems", function()
    local container = { type = "container", title = plain "x" }
    container.child_blocks = { container }
    local _, err = check { container }
    assert.equal("too_deep", err.code)
    _, err = check { type = "home", blocks = many(100, function()
      return { type = "actions", elements = many(25, function() return {} end) }
    end) }
    assert.equal(100, #err.problems)
  end)

  if samples.ARE_THERE then
    it("takes every block of the sample payloads", function()
      local paths = files.list(samples.PATH .. "blockkit", "%.json$")
      assert.is_true(#paths > 0)
      for _, path in ipairs(paths) do
        local value = json.decode(files.read(path))
        assert.same({ true }, { check(value, { strict = true }) })
      end
    end)
  end
end)
