local Failures = require "slack.failures"
local Offline = require "support.offline_app"
local live = require "support.live_app"
local loop = require "slack.loop"
local tasks = require "slack.tasks"
local without_collection = require "support.without_collection"

describe("what a handler raises", function()
  local offline, app, errors_seen

  before_each(function()
    offline = Offline.new()
    app, errors_seen = offline.app, {}
    app:on_error(function(err, _, failure)
      table.insert(errors_seen, { err = err, listener = failure.listener })
    end)
  end)

  local hostile = setmetatable({}, { __tostring = function() error "in __tostring" end })
  local raised = {
    ["nothing"] = function() error() end,
    ["false"] = function() error(false) end,
    ["a number"] = function() error(5) end,
    ["a plain table"] = function() error {} end,
    ["a coroutine"] = function() error(coroutine.create(print)) end,
    ["what cannot be shown"] = function() error(hostile) end,
    ["what shows itself as a number"] = function()
      error(setmetatable({}, { __tostring = function() return 5 end }))
    end,
    ["an overflow of the stack in C"] = function()
      local function deeper() return (("x"):gsub(".", deeper)) end
      without_collection(deeper)
    end,
  }

  for name, raise in pairs(raised) do
    it("may be " .. name .. ": on_error gets it, and it is answered (S274)", function()
      app:command("/x", raise)
      assert.matches("did not work", offline:command("/x").answers[1])
      app:message(raise)
      app:message(raise)
      offline:message "x"
      app:use(function(_, next) return next() end)
      offline:message "x"
      for _ = 1, 5 do loop.step(0) end
      assert.same({ 5, 0 }, { #errors_seen, app:stats().running })
      assert.not_matches("error in", offline:log())
    end)

    it("may be " .. name .. ": without on_error it is logged once", function()
      local plain = Offline.new()
      plain.app:message(raise)
      plain:message "x"
      local _, logged = plain:log():gsub("error in ", "")
      assert.equal(1, logged)
    end)
  end

  for text, err in pairs {
    ['{"code":7}'] = { code = 7 }, ["hi %(code 7%)"] = { code = 7, message = "hi" },
    ["nil %(error called without a message%)"] = false,
  } do
    it("is logged in words: " .. text, function()
      local plain = Offline.new()
      plain.app:message(function() error(err or nil) end)
      plain:message "x"
      assert.matches("error in app:message %b(): " .. text, plain:log())
    end)
  end

  it("is logged when on_error fails itself", function()
    app:on_error(function() error "on_error is broken" end)
    app:message(function() error "the first" end)
    offline:message "x"
    assert.matches("the first.*on_error is broken", offline:log())
  end)

  it("comes to on_error with the context and all that is known of it (S273)", function()
    local err, context, failure
    local own = setmetatable({}, { __tostring = function() return "one of mine" end })
    app:on_error(function(...) err, context, failure = ... end)
    app:event("app_mention", function() error(own) end)
    offline:event({ type = "app_mention", user = "U1", channel = "C1" }, {
      retry = { number = 2, reason = "timeout" },
    })
    assert.equal(own, err)
    assert.same({ "U1", "C1" }, { context.user_id, context.channel_id })
    assert.matches('^app:event "app_mention" %(%S*failures_spec.lua:%d+%)$',
      tostring(failure.listener))
    assert.same({ "event", "app_mention", true, { number = 2, reason = "timeout" } },
      { failure.kind, failure.type, failure.acked, failure.retry })
    assert.matches("failures_spec.lua:%d+", failure.traceback)
  end)

  it("after its ack is told with the listener's name, and changes no answer (S280)", function()
    local plain, failure = Offline.new(), nil
    local function late(c)
      c:ack "fine"
      error "too late to be told"
    end
    plain.app:command("/x", late)
    assert.same({ '{"text":"fine"}' }, plain:command("/x").answers)
    assert.matches('ERROR .*error in app:command "/x" %(%S*failures_spec.lua:%d+%): .*too late',
      plain:log())
    app:on_error(function(_, _, info)
      failure = info
      return "instead"
    end)
    app:command("/x", late)
    assert.same({ '{"text":"fine"}' }, offline:command("/x").answers)
    assert.same({ true, 'app:command "/x"' },
      { failure.acked, tostring(failure.listener):match "^(.-) %(" })
  end)

  it("is traced down to the handler, not into what called it", function()
    local traceback
    app:on_error(function(_, _, failure) traceback = failure.traceback end)
    app:use(function(_, next) return next() end)
    app:message(function() error "deep" end)
    offline:message "x"
    assert.matches("failures_spec.lua:%d+: in [^\n]+$", traceback)
    assert.not_matches("scheduler", traceback)
  end)

  it("is a string without traceback when memory has run out", function()
    assert.same({ err = "not enough memory", traceback = "", listener = "l" },
      Failures.of("not enough memory", "l"))
  end)
end)

describe("a predicate that raises", function()
  local offline, app

  local function broken() error("broken predicate", 0) end

  before_each(function()
    offline = Offline.new()
    app = offline.app
  end)

  for _, is_below in ipairs { false, true } do
    describe(is_below and "below middleware" or "without middleware", function()
      before_each(function()
        if is_below then
          app:use(function(_, next) return next() end)
        end
      end)

      it("does not answer for the listener that matches", function()
        app:command(broken, function() return "never" end)
        app:command("/x", function() return "right" end)
        assert.same({ '{"text":"right"}' }, offline:command("/x").answers)
        assert.matches("error in app:command .*broken predicate", offline:log())
        assert.same({ 1, 1 }, { app:stats().handled, app:stats().failed })
      end)

      it("is answered for as a failed handler when nobody else matches", function()
        local failure
        app:command(broken, function() return "never" end)
        app:on_error(function(err, _, info) failure = { err, info.listener ~= nil } end)
        assert.matches("did not work", offline:command("/x").answers[1])
        assert.same({ "broken predicate", true }, failure)
        assert.not_matches("no listener for", offline:log())
        assert.same({ 0, 1 }, { app:stats().running, app:stats().failed })
      end)
    end)
  end

  it("because it waits does not hold up what comes", function()
    live.run(function(here, new_app, lines)
      local bot, seen = new_app(), {}
      bot:message({ text = function() tasks.sleep(0.01) return true end }, function() end)
      bot:message(function(c) table.insert(seen, c.text) end)
      live.start(here, bot)
      here:deliver_event { type = "message", user = "U1", channel = "C1", text = "x", ts = "1.1" }
      live.wait(function() return seen[1] end)
      assert.matches("error in app:message {text = function} .*cannot wait",
        table.concat(lines, "\n"))
    end)
  end)

  it("is shown to middleware, which may swallow it", function()
    local seen
    app:use(function(_, next)
      seen = select(2, pcall(next))
      return "instead"
    end)
    app:command(broken, function() return "never" end)
    assert.same({ '{"text":"instead"}' }, offline:command("/x").answers)
    assert.equal("broken predicate", seen)
  end)
end)
