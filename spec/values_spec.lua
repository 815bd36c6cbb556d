local Offline = require "support.offline_app"
local files = require "support.files"
local json = require "slack.json"
local samples = require "support.samples"

-- An option of a menu, a radio button or a checkbox.
local function option(value)
  return { text = { type = "plain_text", text = "Text of " .. value }, value = value }
end

describe("c.values", function()
  local offline, app

  before_each(function()
    offline = Offline.new()
    app = offline.app
  end)

  -- The context that a submission of a view with this state comes in.
  local function submitted(values, blocks)
    local seen
    app:view("form", function(c) seen = c end)
    offline:deliver {
      type = "view_submission", user = { id = "U1" },
      view = { id = "V1", callback_id = "form", state = { values = values }, blocks = blocks },
    }
    return seen
  end

  local function value_of(element)
    return submitted({ b = { a = element } }).values.a
  end

  for name, case in pairs {
    ["the text of a plain_text_input"] = { { type = "plain_text_input", value = "Ada" }, "Ada" },
    ["the text of an email_text_input"] =
      { { type = "email_text_input", value = "ada@example.com" }, "ada@example.com" },
    ["the text of a url_text_input"] =
      { { type = "url_text_input", value = "https://example.com" }, "https://example.com" },
    ["an integer of a number_input"] = { { type = "number_input", value = "42" }, 42 },
    ["a fraction of a number_input"] = { { type = "number_input", value = "-42.5" }, -42.5 },
    ["the value of a static_select"] =
      { { type = "static_select", selected_option = option "main" }, "main" },
    ["the value of an external_select"] =
      { { type = "external_select", selected_option = option "x" }, "x" },
    ["the value of radio_buttons"] =
      { { type = "radio_buttons", selected_option = option "1" }, "1" },
    ["the id of a users_select"] = { { type = "users_select", selected_user = "U1" }, "U1" },
    ["the id of a channels_select"] =
      { { type = "channels_select", selected_channel = "C1" }, "C1" },
    ["the id of a conversations_select"] =
      { { type = "conversations_select", selected_conversation = "D1" }, "D1" },
    ["the day of a datepicker"] =
      { { type = "datepicker", selected_date = "2026-01-31" }, "2026-01-31" },
    ["the hour of a timepicker"] = { { type = "timepicker", selected_time = "09:30" }, "09:30" },
    ["the second of a datetimepicker"] =
      { { type = "datetimepicker", selected_date_time = 1767697200 }, 1767697200 },
    ["the values of checkboxes"] =
      { { type = "checkboxes", selected_options = { option "1", option "2" } }, { "1", "2" } },
    ["an empty list of checkboxes without a check"] =
      { { type = "checkboxes", selected_options = json.list {} }, {} },
    ["the values of a multi_static_select"] =
      { { type = "multi_static_select", selected_options = { option "a" } }, { "a" } },
    ["the ids of a multi_users_select"] =
      { { type = "multi_users_select", selected_users = { "U1", "U2" } }, { "U1", "U2" } },
    ["the ids of a multi_channels_select"] =
      { { type = "multi_channels_select", selected_channels = { "C1" } }, { "C1" } },
    ["the ids of a multi_conversations_select"] =
      { { type = "multi_conversations_select", selected_conversations = { "C1" } }, { "C1" } },
    ["the files of a file_input"] =
      { { type = "file_input", files = { { id = "F1" } } }, { { id = "F1" } } },
    ["the block of a rich_text_input"] =
      { { type = "rich_text_input", rich_text_value = { type = "rich_text" } },
        { type = "rich_text" } },
    ["nothing of an empty text"] = { { type = "plain_text_input", value = json.null } },
    ["nothing of an empty number"] = { { type = "number_input", value = json.null } },
    ["nothing of a menu without a choice"] =
      { { type = "static_select", selected_option = json.null } },
    ["nothing of a day not chosen"] = { { type = "datepicker", selected_date = json.null } },
    ["nothing of an element of which nothing is known"] = { { type = "something_new" } },
  } do
    it("holds " .. name .. " (S258)", function()
      assert.same(case[2], value_of(case[1]))
    end)
  end

  it("keeps an integer an integer", function()
    assert.equal("integer", math.type(value_of { type = "number_input", value = "42" }))
  end)

  it("keeps an empty list a list, to be encoded as one", function()
    local value = value_of { type = "checkboxes", selected_options = json.list {} }
    assert.equal("[]", json.encode(value))
  end)

  it("takes of one action_id in several blocks the first that is filled in, as seen", function()
    local c = submitted({
      a = { name = { type = "plain_text_input", value = "third" } },
      b = { name = { type = "plain_text_input", value = json.null } },
      c = { name = { type = "plain_text_input", value = "second" } },
    }, { { block_id = "b" }, { block_id = "c" }, { block_id = "a" } })
    assert.equal("second", c.values.name)
    assert.same({ a = { name = "third" }, b = {}, c = { name = "second" } }, c.block_values)
  end)

  it("is the state of a message or a view around a button, and empty where none is", function()
    local seen = {}
    app:action("press", function(c) table.insert(seen, c.values) end)
    local values = { when_b = { when = { type = "datepicker", selected_date = "2026-01-31" } } }
    offline:click("press", { state = { values = values } })
    offline:click("press", { view = { state = { values = values } }, state = { values = "x" } })
    offline:click "press"
    offline:click("press", { state = json.null })
    assert.same({ { when = "2026-01-31" }, { when = "2026-01-31" }, {}, {} }, seen)
  end)

  it("is what a dialog was submitted with", function()
    local seen
    app:action({ callback_id = "old" }, function(c) seen = c.values end)
    offline:deliver { type = "dialog_submission", callback_id = "old",
      submission = { branch = "main", note = json.null } }
    assert.same({ branch = "main" }, seen)
  end)

  it("is not there where nobody fills in anything", function()
    local seen = {}
    app:message(function(c) seen.message = c.values == nil end)
    app:command("/x", function(c) seen.command = c.values == nil end)
    offline:message "x"
    offline:command "/x"
    assert.same({ message = true, command = true }, seen)
  end)

  if samples.ARE_THERE then
    local path = samples.PATH .. "interactions/view_submission--all-inputs.json"

    it("reads a view with an input of every type (S258)", function()
      local body = assert(json.decode(files.read(path)))
      local seen
      app:view("deploy_form", function(c) seen = c.values end)
      offline:deliver(body)
      local file, rich = seen.file[1].id, seen.rich.type
      seen.file, seen.rich = nil, nil
      assert.same({ "F08REPORT55", "rich_text" }, { file, rich })
      assert.same({
        name = "Ada", mail = "ada@example.com", url = "https://example.com", num = 42.5,
        date = "2026-01-31", time = "09:30", dt = 1767697200, static = "main", ext = "x",
        user = "U04GRACE7ZX", conv = "C07DEPLOY42", chan = "C01GENERAL9", ms = { "a" }, me = {},
        mu = { "U03ADA5K1QW", "U04GRACE7ZX" }, mc = { "C07DEPLOY42" }, mch = { "C01GENERAL9" },
        radio = "1", check = { "1" },
      }, seen)
    end)
  end
end)
