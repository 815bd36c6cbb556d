local Offline = require "support.offline_app"
local files = require "support.files"
local json = require "slack.json"
local kinds = require "slack.kinds"
local slack = require "slack"

-- A body of each kind, from a person in a channel, and the listener that takes it.
local PLACE = { channel = "C1", user = "U1", team = "T1" }

local function interaction(body)
  return function(offline, place)
    local all = {
      user = { id = place.user }, team = { id = place.team }, channel = { id = place.channel },
      message = { ts = "1.1", thread_ts = place.thread_ts },
      container = { message_ts = "1.1" },
    }
    for name, value in pairs(body) do
      all[name] = value
    end
    offline:deliver(all)
  end
end

local KINDS = {
  event = { "reaction_added", function(offline, place)
    offline:event({
      type = "reaction_added", user = place.user, channel = place.channel, event_ts = "1.1",
      thread_ts = place.thread_ts, channel_type = place.channel:sub(1, 1) == "D" and "im" or nil,
    }, { body = { team_id = place.team } })
  end },
  message = { "hello", function(offline, place)
    offline:event({
      type = "message", text = "oh hello", user = place.user, channel = place.channel, ts = "1.1",
      thread_ts = place.thread_ts,
    }, { body = { team_id = place.team } })
  end },
  func = { "fn", function(offline, place)
    offline:event({
      type = "function_executed", ["function"] = { callback_id = "fn" }, user = place.user,
      channel = place.channel, ts = "1.1", thread_ts = place.thread_ts,
    }, { body = { team_id = place.team } })
  end },
  command = { "/go", function(offline, place)
    offline:deliver {
      command = "/go", text = "", user_id = place.user, channel_id = place.channel,
      team_id = place.team, thread_ts = place.thread_ts,
    }
  end },
  action = { "a", interaction { type = "block_actions",
    actions = { { type = "button", action_id = "a", block_id = "b" } } } },
  options = { "a", interaction { type = "block_suggestion", action_id = "a", block_id = "b" } },
  shortcut = { "s", interaction { type = "message_action", callback_id = "s" } },
  view = { "v", interaction { type = "view_submission", view = { id = "V", callback_id = "v" } } },
  view_closed = { "v",
    interaction { type = "view_closed", view = { id = "V", callback_id = "v" } } },
}
local FIELD = {
  event = "type", message = "text", func = "callback_id", command = "command",
  action = "action_id", options = "action_id", shortcut = "callback_id", view = "callback_id",
  view_closed = "callback_id",
}

local function with(more)
  local place = {}
  for name, value in pairs(PLACE) do
    place[name] = value
  end
  for name, value in pairs(more) do
    place[name] = value
  end
  return place
end

describe("a filter", function()
  local offline, app, seen

  before_each(function()
    offline = Offline.new()
    app, seen = offline.app, {}
  end)

  local function note(name)
    return function() table.insert(seen, name) end
  end

  local function problem_of(fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    return message
  end

  for name, kind in pairs(KINDS) do
    local deliver = kind[2]

    -- Whether a listener with this constraint takes what comes from that place.
    local function takes(constraint, place)
      seen = {}
      local what = { [FIELD[name]] = kind[1] }
      for field, wanted in pairs(constraint) do
        what[field] = wanted
      end
      local listener = app[name](app, what, note "taken")
      deliver(offline, place)
      listener:remove()
      return seen[1] == "taken"
    end

    describe("on app:" .. name, function()
      for field, id in pairs(PLACE) do
        it("holds for one " .. field .. ", for a list, a pattern, a predicate (S141)", function()
          local other = with { [field] = id .. "OTHER" }
          for _, wanted in ipairs {
            id, { "X", id }, slack.pattern("^" .. id .. "$"), { "X", slack.pattern(id .. "$") },
            function(value) return value == id end,
          } do
            assert.is_true(takes({ [field] = wanted }, PLACE))
            assert.is_false(takes({ [field] = wanted }, other))
          end
          assert.is_true(takes({ [field] = true }, PLACE))
          assert.is_false(takes({ [field] = false }, PLACE))
        end)
      end

      it("tells direct messages from channels by dm", function()
        assert.is_true(takes({ dm = true }, with { channel = "D1" }))
        assert.is_false(takes({ dm = true }, PLACE))
        assert.is_false(takes({ dm = false }, with { channel = "D1" }))
        assert.is_true(takes({ dm = false }, PLACE))
      end)

      it("tells what stands in a thread by thread", function()
        local inside, root = with { thread_ts = "0.9" }, with { thread_ts = "1.1" }
        assert.is_true(takes({ thread = true }, inside))
        assert.is_false(takes({ thread = true }, PLACE))
        assert.is_false(takes({ thread = false }, inside))
        assert.is_true(takes({ thread = false }, PLACE))
        if name == "message" or name == "action" then
          assert.is_true(takes({ thread = false }, root))
        end
      end)

      it("raises at the caller's line when it is unknown or of a wrong type (S145)", function()
        assert.matches("^spec/filters_spec.lua:%d+: app:" .. name .. ": unknown constraint "
          .. '"chanel"; did you mean "channel"%?', problem_of(function()
            app[name](app, { chanel = "C1" }, note "")
          end))
        assert.matches("^spec/filters_spec.lua:%d+: app:" .. name .. ": user: a string, .* number$",
          problem_of(function() app[name](app, { user = 42 }, note "") end))
        assert.matches("app:" .. name .. ": dm: true or false expected, got string",
          problem_of(function() app[name](app, { dm = "yes" }, note "") end))
        assert.matches('channel: "#general" is a name; .*"C0123456789"',
          problem_of(function() app[name](app, { channel = { "C1", "#general" } }, note "") end))
      end)
    end)
  end

  it("of subtype takes one, a list, any, none; null is as good as none (S134, S138)", function()
    app:message({ subtype = "message_changed" }, note "edit")
    app:message({ subtype = { "message_deleted", "channel_join" } }, note "list")
    app:message({ subtype = true }, note "any")
    app:message({ subtype = false }, note "none")
    app:message(note "ordinary")
    for _, subtype in ipairs { "message_changed", "channel_join", "thread_broadcast" } do
      offline:message("x", { subtype = subtype })
    end
    offline:message("x", { subtype = json.null })
    assert.same({ "edit", "any", "list", "any", "any", "ordinary", "none", "ordinary" }, seen)
  end)

  it("of domain holds for one of the links that were shared", function()
    local function share(...)
      local links = {}
      for i, domain in ipairs { ... } do
        links[i] = { domain = domain, url = "https://" .. domain .. "/1" }
      end
      offline:event { type = "link_shared", user = "U1", channel = "C1", links = links }
    end
    app:event({ "link_shared", domain = "a.example" }, note "a")
    app:event({ "link_shared", domain = slack.pattern "^(%w+)%.example$" }, function(c)
      table.insert(seen, c.matches.domain and c.matches.domain[1] or c.matches[1])
    end)
    app:event({ "link_shared", domain = false }, note "none")
    share "b.example"
    share("c.org", "a.example")
    share "c.org"
    share()
    offline:event { type = "link_shared", links = { 5, { domain = json.null } } }
    assert.same({ "b", "a", "a", "none", "none" }, seen)
    assert.matches('unknown constraint "domain"', problem_of(function()
      app:message({ domain = "a.example" }, note "never")
    end))
  end)

  it("of a thread holds for what becomes of messages in it too", function()
    app:event({ "message", thread_ts = "1.1", thread = true }, note "in it")
    local function change(thread_ts)
      offline:event {
        type = "message", subtype = "message_changed", channel = "C1", ts = "1.9",
        message = { type = "message", user = "U1", text = "x", ts = "1.2", thread_ts = thread_ts },
      }
    end
    change "1.1"
    change "1.0"
    change()
    assert.same({ "in it" }, seen)
  end)

  it("is described for editors, whatever its method", function()
    local described = {}
    for name in files.read "lua/slack/registry.lua":gmatch "%-%-%-@field (%l[%w_]+)%? " do
      described[name] = true
    end
    for name, method in pairs(kinds.METHODS) do
      for field in pairs(method.fields) do
        assert.is_true(described[field], name .. ": " .. field)
      end
    end
  end)

  it("may stand beside the plain value", function()
    app:message({ "deploy", "release", channel = "C1" }, note "text")
    app:command({ "/go", user = "U1" }, note "command")
    offline:message("please deploy", { channel = "C1" })
    offline:message("please release", { channel = "C2" })
    offline:deliver { command = "/go", text = "", user_id = "U1", channel_id = "C1" }
    assert.same({ "text", "command" }, seen)
    assert.matches("app:command: command: given twice",
      problem_of(function() app:command({ "/a", command = "/b" }, note "") end))
  end)

  it("holds beside all others, whatever the index knows (S141)", function()
    app:message({ "red", channel = { "C1", "C2" }, user = "U1", thread = false }, note "all")
    local function send(text, channel, user, thread_ts)
      offline:message(text, { channel = channel, user = user, thread_ts = thread_ts })
    end
    send("it is red", "C1", "U1")
    send("it is red", "C2", "U1")
    send("it is green", "C1", "U1")
    send("it is red", "C3", "U1")
    send("it is red", "C1", "U2")
    send("it is red", "C1", "U1", "0.5")
    assert.same({ "all", "all" }, seen)
  end)

  it("on many listeners keeps the order of registration (S152)", function()
    local expected = {}
    for i = 1, 60 do
      local what = ({ "word" .. i % 5, { channel = "C" .. i % 3 }, slack.pattern "word",
        { user = "U1", "word" } })[i % 4 + 1]
      app:message(what, note(i))
      local matches = i % 4 == 0 and i % 5 == 0 or i % 4 == 1 and i % 3 == 1 or i % 4 > 1
      expected[#expected + 1] = matches and i or nil
    end
    offline:message("word0", { channel = "C1", user = "U1" })
    assert.same(expected, seen)
  end)

  describe("with LPeg", function()
    local grammar = setmetatable({}, { __index = {
      match = function(_, text)
        local env, branch = text:match "^deploy (%w+) from (%w+)$"
        if env then
          return env, branch
        end
      end,
    } })

    it("takes anything with a match method, its captures in order (S136)", function()
      app:message({ text = grammar, user = "U1" },
        function(c) table.insert(seen, c.matches) end)
      offline:message("deploy prod from main", { user = "U1" })
      offline:message("deploy", { user = "U1" })
      assert.same({ { "prod", "main" } }, seen)
    end)

    it("takes the real one, where it is installed", function()
      local ok, lpeg = pcall(require, "lpeg")
      if not ok then
        return pending "lpeg is not installed"
      end
      local word = lpeg.C(lpeg.R "az" ^ 1)
      app:message(lpeg.P "deploy " * word * " from " * word,
        function(c) table.insert(seen, c.matches) end)
      offline:message "deploy prod from main"
      offline:message "deploy 7"
      assert.same({ { "prod", "main" } }, seen)
    end)
  end)

  it("is told from listener options, which are checked too", function()
    local listener = app:message({ "x", order = "channel", concurrency = 2 }, note "x")
    assert.same({ order = "channel", concurrency = 2 }, listener.lanes_options)
    assert.matches('app:event: order: unknown key "chanel"; did you mean "channel"%?',
      problem_of(function() app:event({ "team_join", order = "chanel" }, note "") end))
  end)
end)

describe("advice", function()
  local app

  before_each(function()
    app = Offline.new().app
  end)

  for _, case in ipairs {
    { "event", "message.im", "app:message(handler)" },
    { "event", { "app_mention", "message.channels" }, "app:message(handler)" },
    { "event", "message_changed", 'app:message({ subtype = "message_changed" }, handler)' },
    { "event", "view_submission", '"view_submission" is no event: use app:view' },
    { "command", "deploy", '"/deploy" is meant?' },
    { "command", "/deploy now", "a command is one word; what follows it is c.text" },
    { "message", { user = "@ada" }, '"@ada" is a name' },
    { "event", "appMention", '"appMention": names of events are in lower case' },
    { "event", { reaction = ":eyes:" }, '":eyes:": names come without colons: "eyes"' },
    { "view", { "order", type = "modal" }, '"modal" never comes; there are view_closed, view_s' },
    { "shortcut", { type = "message" }, '"message" never comes; there are message_action, sh' },
    { "options", { type = "static_select" }, '"static_select" never comes; there are block_s' },
    { "view_closed", { "order", type = "view_submission" }, 'unknown constraint "type"' },
    { "action", "", "action_id: it is empty" },
    { "event", { "team_join", "" }, "type: it is empty" },
    { "event", { nil, "team_join" }, "type: a value of the list is nil" },
    { "message", { "a", nil, "b" }, "text: a value of the list is nil" },
    { "message", { user = { nil, "U1" } }, "user: a string, slack.pattern, anything with a match" },
    { "message", { user = { "U1", nil, "U2" } }, "a list of these without gaps" },
    { "message", { user = {} }, "a list of these without gaps" },
  } do
    local method, what, wanted = case[1], case[2], case[3]
    it(("tells of %s %s that can never hold (S133)"):format(method, tostring(what[1] or what)),
      function()
        local ok, message = pcall(function() app[method](app, what, function() end) end)
        assert.is_false(ok)
        assert.matches("^spec/filters_spec.lua:%d+: app:" .. method, message)
        assert.matches(wanted, message, 1, true)
      end)
  end

  it("tells app:event from app:events, which other loops call", function()
    local ok, message = pcall(function() app:events("team_join", function() end) end)
    assert.is_false(ok)
    assert.matches("^spec/filters_spec.lua:%d+: app:events: .*did you mean app:event?", message)
    assert.equal("r", app:events())
  end)

  it("tells the method that is meant, at the line that misspells it", function()
    for name, wanted in pairs {
      mesage = '; did you mean "message"?', commands = '; did you mean "command"?',
      error = "; use app:on_error", view_submission = "; use app:view", hears = "; use app:message",
      on_eror = '; did you mean "on_error"?',
    } do
      local ok, message = pcall(function() app[name](app, function() end) end)
      assert.is_false(ok)
      assert.matches("^spec/filters_spec.lua:%d+: app%." .. name .. ": there is no such method",
        message)
      assert.matches(wanted, message, 1, true)
    end
    assert.is_nil(app.nothing_like_it)
    assert.is_nil(app.fatal)
  end)
end)
