-- What comes for handlers that wait in conversations may be anything as well: it never
-- raises out of the dispatch, is acked once, and ends no conversation that it is not for.

local bodies = require "support.bodies"
local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"
local slack = require "slack"
local Talk = require "support.talk"

local FORM = { title = { type = "plain_text", text = "Form" }, blocks = json.list {} }

local function copy(value)
  return json.decode(json.encode(value))
end

describe("bad answers", function()
  local talk, post, raised, heard

  -- What the newest question and form are known by.
  local function newest(method, read)
    local calls = talk:called(method)
    return read(calls[#calls])
  end

  local function choice_id()
    return newest("chat.postMessage", function(call)
      return call.blocks[2].elements[1].action_id
    end)
  end

  local function form_id()
    return newest("views.open", function(call) return call.view.external_id end)
  end

  before_each(function()
    post = http.request
    http.request = function() -- luacheck: ignore 122
      return nil, errors.new { code = "offline", message = "no network here" }
    end
    raised, heard = {}, 0
    talk = Talk.new {
      log = { level = "error", sink = function(line) table.insert(raised, line) end },
    }
  end)

  after_each(function()
    http.request = post -- luacheck: ignore 122
  end)

  local number = 0

  local function deliver(body, came_as, words)
    number = number + 1
    if came_as == "event" and type(body.event_id) == "string" then
      body.event_id = "EvBad" .. number
    end
    local request = talk.offline:deliver(body, {
      came_as = came_as, acked = came_as == "event", has_status = number % 2 == 0 or nil,
    })
    talk.settle()
    if raised[1] then
      error(words .. ": " .. raised[1])
    end
    local answers = #request.answers + (request.refused and 1 or 0)
    assert.equal(came_as == "event" and 0 or 1, answers, words)
  end

  -- A handler that asks again and again, in the place that the bodies are from.
  local function start(converse)
    talk.app:shortcut("begin", function(c)
      while true do
        converse(c)
        heard = heard + 1
      end
    end)
    local body = copy(bodies.all().shortcut.body)
    body.callback_id, body.channel = "begin", { id = "C1" }
    deliver(body, "interaction", "begin")
  end

  local function spoil(one, prepare)
    prepare(one.body)
    local whole = copy(one.body)
    bodies.spoil(one.body, function(body, words)
      prepare(body)
      deliver(body, one.came_as, words)
    end)
    prepare(whole)
    local before = heard
    deliver(whole, one.came_as, "whole")
    assert.is_true(heard > before, "what is whole was heard")
    assert.equal(1, talk.app:stats().running)
  end

  -- Only what has come through whole has the newest ids.
  local function replace(at, name, value)
    if type(at) == "table" and type(at[name]) == "string" then
      at[name] = value
    end
  end

  it("to c:ask are no answers", function()
    start(function(c)
      local answer = c:ask "Which?"
      local _ = answer.text .. answer.message.ts
    end)
    local one = bodies.all().message
    local event = one.body.event
    event.bot_id, event.app_id, event.bot_profile, event.thread_ts = nil, nil, nil, nil
    event.ts, one.body.enterprise_id = "1799999999.000100", "E1"
    one.body.authorizations[1].enterprise_id = "E1"
    spoil(one, function() end)
  end)

  it("to c:choose are no choices", function()
    start(function(c)
      assert(c:choose { text = "Which?", choices = { "a", "b" }, from = "anyone" })
    end)
    local one = bodies.all().click
    one.body.actions[1].selected_option.value = "1"
    one.body.message.thread_ts, one.body.container.thread_ts = nil, nil
    spoil(one, function(body)
      local actions = body.actions
      replace(type(actions) == "table" and actions[1], "action_id", choice_id())
    end)
  end)

  it("to c:form are answered, and its values may be missing", function()
    talk.offline.answers["views.open"] = function(arguments)
      local external_id = arguments.view.external_id
      return { ok = true, view = { id = "V1", root_view_id = "V1", external_id = external_id } }
    end
    start(function(c)
      c.trigger_id = "1.2"
      local form = assert(c:form(FORM))
      for submission in form:submissions() do
        assert.is_table(submission.values)
        assert.is_table(submission.block_values)
      end
    end)
    spoil(bodies.all().form, function(body)
      replace(body.view, "external_id", form_id())
    end)
  end)

  it("to c:wait are no errors", function()
    start(function(c)
      local any = slack.pattern ""
      local came = c:wait {
        { event = any }, { message = { mention = true } }, { command = { text = any } },
        { action = { block_id = any } }, { shortcut = any }, { view = any }, { view_closed = any },
        from = "anyone", channel = "anywhere", thread = "anywhere",
      }
      assert.is_table(came)
    end)
    for _, name in ipairs { "edit", "reaction", "command", "click_in_view", "menu", "closed" } do
      local one = bodies.all()[name]
      bodies.spoil(one.body, function(body, words)
        deliver(body, one.came_as, name .. ": " .. words)
      end)
    end
    assert.is_true(heard > 0)
  end)
end)
