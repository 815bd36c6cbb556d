local Limit = require "slack.limit"
local Offline = require "support.offline_app"
local http = require "slack.http"
local json = require "slack.json"
local loop = require "slack.loop"
local slack = require "slack"

describe("slack.limit", function()
  local offline, app, seen, now

  before_each(function()
    offline = Offline.new()
    app, seen, now = offline.app, {}, 1000
  end)

  local function limit(options)
    return Limit.new(options, function() return now end)
  end

  local function note(c)
    table.insert(seen, c.payload.text)
  end

  local function texts()
    local found = {}
    for _, call in ipairs(offline.calls) do
      found[#found + 1] = call.method .. ": " .. call.arguments.text
    end
    return found
  end

  it("lets through so many in any span of the length", function()
    app:message(limit { per = "user", count = 2, seconds = 10 }, note)
    local passed = {}
    for second = 0, 40 do
      now = 1000 + second
      local before = #seen
      offline:message "x"
      if #seen > before then
        passed[#passed + 1] = second
      end
    end
    assert.same({ 0, 1, 10, 11, 20, 21, 30, 31, 40 }, passed)
    for i = 3, #passed do
      assert.is_true(passed[i] - passed[i - 2] >= 10)
    end
  end)

  it("goes by the clock that never jumps", function()
    local time = { now = 0, wall = 1e9 }
    local previous = loop.use(loop.new {
      clock = function() return time.now end, wall = function() return time.wall end,
    })
    local ok, err = pcall(function()
      app:message(slack.limit { per = "user", count = 1, seconds = 10 }, note)
      offline:message "1"
      time.wall = time.wall + 86400
      offline:message "2"
      time.now = 10
      time.wall = 0
      offline:message "3"
    end)
    loop.use(previous)
    assert(ok, err)
    assert.same({ "1", "3" }, seen)
  end)

  it("counts for each person, channel, thread, team or what a function gives", function()
    local function count(per, ...)
      seen, offline = {}, Offline.new()
      offline.app:message(limit { per = per, count = 1, seconds = 60 }, note)
      for _, more in ipairs { ... } do
        offline:message("x", more)
      end
      return #seen
    end
    assert.equal(2, count("user", { user = "U1" }, { user = "U2" },
      { user = "U1", channel = "C2" }))
    assert.equal(2, count("channel", { user = "U1" }, { user = "U2" }, { channel = "C2" }))
    assert.equal(2, count("thread", { ts = "1.1" }, { thread_ts = "1.1" }, { thread_ts = "1.2" }))
    assert.equal(1, count("team", { user = "U1" }, { user = "U2" }))
    assert.equal(2, count(function(c) return c.payload.text .. c.payload.ts end,
      { ts = "1.1" }, { ts = "1.1" }, { ts = "1.2" }))
  end)

  it("lets through what has no key", function()
    app:message(limit { per = function() return nil end, count = 1, seconds = 60 }, note)
    offline:message "x"
    offline:message "y"
    assert.same({ "x", "y" }, seen)
  end)

  it("tells who sent a command when to try again, whatever listener is limited", function()
    app:command("/x", limit { per = "user", count = 1, seconds = "2m" }, note)
    offline:command "/x"
    now = now + 61
    local request = offline:command "/x"
    assert.same({ {
      response_type = "ephemeral",
      text = "That is too much at once. Please try again in 59 seconds.",
    } }, { json.decode(request.answers[1]) })
    assert.equal(1, #seen)
  end)

  it("limits the whole app as well", function()
    app:use(limit { per = "user", count = 1, seconds = 60, message = "Slowly!" })
    app:message(note)
    app:command("/x", note)
    offline:message "x"
    assert.same({ response_type = "ephemeral", text = "Slowly!" },
      json.decode(offline:command("/x").answers[1]))
    assert.same({ "x" }, seen)
  end)

  it("answers a click by its response URL, else by a message", function()
    local sent
    local request = http.request
    finally(function() http.request = request end)
    http.request = function(given) -- luacheck: ignore 122
      sent = { given.url, json.decode(given.body) }
      return { ok = true, status = 200, body = "ok" }
    end
    app:action("a", limit { per = "user", count = 1, seconds = 60, message = "Slowly!" }, note)
    offline:click "a"
    local answered = offline:click("a").answers
    assert.same({ "empty" }, answered)
    assert.same({ "https://hooks.slack.com/actions/1",
      { response_type = "ephemeral", replace_original = false, text = "Slowly!" } }, sent)
    offline:click("a", { response_url = json.null })
    assert.same({ "chat.postMessage: Slowly!" }, texts())
    assert.equal("U03ADA5K1QW", offline.calls[1].arguments.channel)
  end)

  it("tells who sent a command by its response URL where it has been answered", function()
    local sent
    local request = http.request
    finally(function() http.request = request end)
    http.request = function(given) -- luacheck: ignore 122
      sent = json.decode(given.body)
      return { ok = true, status = 200, body = "ok" }
    end
    app:use(function(c, next)
      c:ack "One moment."
      return next()
    end)
    app:command("/x", limit { per = "user", count = 1, seconds = 60, message = "Slowly!" }, note)
    offline:command "/x"
    assert.is_nil(sent)
    offline:command "/x"
    assert.same({ response_type = "ephemeral", replace_original = false, text = "Slowly!" }, sent)
  end)

  it("keeps what was filled into a form, with the text at its first field", function()
    app:view("v", limit { per = "user", count = 1, seconds = 60, message = "Slowly!" }, note)
    local view = {
      callback_id = "v",
      blocks = { { type = "section", block_id = "s" }, { type = "input", block_id = "name" } },
    }
    local body = { type = "view_submission", user = { id = "U1" }, view = view }
    offline:deliver(body)
    local answer = json.decode(offline:deliver(body).answers[1])
    assert.same({ response_action = "errors", errors = { name = "Slowly!" } }, answer)
  end)

  it("is silent about events, unless a message is given: that once in the span", function()
    app:message("quiet", limit { per = "user", count = 1, seconds = 60 }, note)
    offline:message "quiet"
    offline:message "quiet"
    assert.same({}, texts())
    app:message("loud", limit { per = "user", count = 1, seconds = 60, message = "Slowly!" }, note)
    for _ = 1, 5 do
      offline:message "loud"
      now = now + 15
    end
    assert.same({ "chat.postEphemeral: Slowly!" }, texts())
    offline:message "loud"
    assert.same({ "chat.postEphemeral: Slowly!", "chat.postEphemeral: Slowly!" }, texts())
    assert.same({ "quiet", "loud", "loud" }, seen)
  end)

  it("names a span after which it is not asked in vain", function()
    local function told(seconds)
      app:command("/" .. seconds, limit { per = "user", count = 1, seconds = seconds }, note)
      offline:command("/" .. seconds)
      return offline:command("/" .. seconds).answers[1]:match "again in ([^.]+)"
    end
    assert.equal("1 second", told "1s")
    assert.equal("119 seconds", told "119s")
    assert.equal("3 minutes", told "121s")
    assert.equal("120 minutes", told "2h")
    assert.equal("25 hours", told "1d1h")
  end)

  it("asks a function for the message, which may have none", function()
    local asked
    app:command("/x", limit {
      per = "user", count = 1, seconds = 10,
      message = function(c, seconds)
        asked = { c.kind, seconds }
        return nil
      end,
    }, note)
    offline:command "/x"
    now = now + 3
    assert.same({ "empty" }, offline:command("/x").answers)
    assert.same({ "command", 7 }, asked)
    app:command("/y", limit { per = "user", count = 1, seconds = 10, message = false }, note)
    offline:command "/y"
    assert.same({ "empty" }, offline:command("/y").answers)
  end)

  it("keeps no more than a bounded number of keys", function()
    local take = limit { per = function(c) return c end, count = 10000, seconds = 60 }
    collectgarbage()
    local before = collectgarbage "count"
    for i = 1, 20000 do
      take(i, function() end)
    end
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < 200)
  end)

  it("raises at the caller's line for options that cannot be, with advice", function()
    local function problem_of(options)
      local ok, err = pcall(function() slack.limit(options) end)
      assert.is_false(ok)
      assert.matches("^[^\n]*limit_spec.lua:%d+: slack.limit: ", err)
      return err
    end
    assert.matches("a table expected", problem_of())
    assert.matches('option "per": unknown key "usr"; did you mean "user"?',
      problem_of { per = "usr", count = 1, seconds = 1 }, 1, true)
    assert.matches('option "per": .* got nil', problem_of { count = 1, seconds = 1 })
    assert.matches('option "count": an integer from 1 to 10000 expected, got 0',
      problem_of { per = "user", count = 0, seconds = 1 })
    assert.matches('option "count": .* got nil', problem_of { per = "user", seconds = 1 })
    assert.matches('option "seconds": seconds, or a span as "5m", expected, got "soon"',
      problem_of { per = "user", count = 1, seconds = "soon" })
    assert.matches('option "message": .* got number',
      problem_of { per = "user", count = 1, seconds = 1, message = 5 })
    assert.matches('unknown option "msg"', problem_of { per = "user", count = 1, seconds = 1,
      msg = "x" })
  end)
end)
