local Offline = require "support.offline_app"
local slack = require "slack"

describe("app:listeners", function()
  local function app_of(options)
    return Offline.new(options).app
  end

  local function nothing() end

  it("lists what is registered, by kind and name, with what it asks for", function()
    local app = app_of()
    app:command("/deploy", nothing)
    app:event({ "reaction_added", reaction = { "eyes", "tada" } }, nothing)
    app:message({ "hello", channel = "C1", thread = true, subtype = false }, nothing)
    app:action({ action_id = slack.pattern "^page_", block_id = true }, nothing)
    app:view("form", nothing)
    app:view_closed("form", nothing)
    app:shortcut({ callback_id = "all", type = "message_action" }, nothing)
    app:func("approve", nothing)
    local list = app:listeners()
    local words = {}
    for i, entry in ipairs(list) do
      words[i] = entry.kind .. " " .. entry.name
      assert.is_nil(entry.script)
      assert.matches("listing_spec.lua$", entry.file)
      assert.equal("integer", math.type(entry.line))
    end
    assert.same({
      "command /deploy", 'event {"reaction_added", reaction = {"eyes", "tada"}}',
      'message {"hello", channel = "C1", subtype = false, thread = true}',
      'action {action_id = slack.pattern "^page_", block_id = true}', "view form",
      "view_closed form", 'shortcut {callback_id = "all", type = "message_action"}',
      "func approve",
    }, words)
    local asked = {}
    for i, entry in ipairs(list) do
      asked[i] = entry.constraints
    end
    assert.same({ command = "/deploy" }, asked[1])
    assert.same({ type = "reaction_added", reaction = { "eyes", "tada" } }, asked[2])
    assert.same({ type = "message", text = "hello", channel = "C1", thread = true,
      subtype = false }, asked[3])
    assert.same({ action_id = { pattern = 'slack.pattern "^page_"' }, block_id = true }, asked[4])
    assert.same({ callback_id = "form", type = "view_submission" }, asked[5])
    assert.same({ callback_id = "form", type = "view_closed" }, asked[6])
    assert.same({ callback_id = "all", type = "message_action" }, asked[7])
    assert.same({ type = "function_executed", callback_id = "approve" }, asked[8])
  end)

  it("lists routes of a command, routes of HTTP, the schedule and assistants", function()
    local app = app_of()
    app:command("/task", { ["add <title...>"] = { nothing, help = "a new one" } })
    app:route({ "POST", "GET" }, "/hook/:id", nothing)
    app:every("5m", nothing)
    app:assistant { thread_started = nothing, user_message = nothing }
    local list = app:listeners()
    assert.same({ "command", "assistant", "assistant", "assistant", "route", "schedule" }, {
      list[1].kind, list[2].kind, list[3].kind, list[4].kind, list[5].kind, list[6].kind,
    })
    assert.equal("add <title...>", list[1].routes[1].text)
    assert.equal("a new one", list[1].routes[1].help)
    assert.equal("thread_started", list[2].name)
    assert.equal("assistant_thread_started", list[2].constraints.type)
    assert.equal("GET,POST /hook/:id", list[5].name)
    assert.equal('every "5m"', list[6].name)
  end)
end)
