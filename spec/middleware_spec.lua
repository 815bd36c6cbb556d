local Offline = require "support.offline_app"
local errors = require "slack.errors"
local tasks = require "slack.tasks"

describe("middleware", function()
  local offline, app, seen

  before_each(function()
    offline = Offline.new()
    app, seen = offline.app, {}
  end)

  local function note(name)
    return function() table.insert(seen, name) end
  end

  it("goes on after all that is behind it, with what that gave", function()
    local given
    app:use(function(_, next)
      table.insert(seen, "before")
      given = { next() }
      table.insert(seen, "after")
    end)
    app:command("/x", function(_, next)
      local value = next()
      table.insert(seen, "own after")
      return value .. "!"
    end, function()
      tasks.sleep(0)
      table.insert(seen, "handler")
      return "done"
    end)
    local request = offline:command "/x"
    Offline.settle()
    assert.same({ "before", "handler", "own after", "after" }, seen)
    assert.same({ "done!" }, given)
    assert.same({ '{"text":"done"}' }, request.answers)
    assert.equal(1, app:stats().handled)
  end)

  it("waits for every listener of an event before it goes on", function()
    local gates = { tasks.waiter(), tasks.waiter() }
    app:use(function(_, next)
      next()
      table.insert(seen, "after")
    end)
    for i = 1, 2 do
      app:message(function()
        gates[i]:await()
        table.insert(seen, i)
      end)
    end
    offline:message "x"
    Offline.settle()
    gates[2]:resolve()
    Offline.settle()
    assert.same({ 2 }, seen)
    gates[1]:resolve()
    Offline.settle()
    assert.same({ 2, 1, "after" }, seen)
  end)

  it("may be anything that can be called, an object of a class too (S177)", function()
    local Counter = {}
    Counter.__index = Counter
    Counter.__call = function(self, _, next)
      self.count = self.count + 1
      return next()
    end
    local everywhere = setmetatable({ count = 0 }, Counter)
    local own = setmetatable({ count = 0 }, Counter)
    app:use(everywhere)
    app:command("/x", own, note "x")
    app:command("/y", note "y")
    offline:command "/x"
    offline:command "/y"
    assert.same({ 2, 1 }, { everywhere.count, own.count })
  end)

  it("that neither goes on nor answers has it acked empty: no command hangs", function()
    app:command("/own", function() end, note "own")
    app:message(function() end, note "message")
    offline:message "x"
    assert.same({ "empty" }, offline:command("/own").answers)
    app:use(function() end)
    app:command("/x", note "x")
    assert.same({ "empty" }, offline:command("/x").answers)
    assert.same({ "empty" }, offline:deliver({ type = "view_submission",
      view = { callback_id = "v" } }).answers)
    assert.same({}, seen)
    assert.equal(0, app:stats().failed)
  end)

  it("may answer in place of what is behind it, by c:ack or by what it returns", function()
    app:use(function(c, next)
      if c.kind == "command" then
        return "closed today"
      end
      return next()
    end)
    app:options("o", function(c) c:ack { options = {} } end, note "o")
    app:command("/x", note "x")
    assert.same({ '{"text":"closed today"}' }, offline:command("/x").answers)
    assert.same({ '{"options":[]}' },
      offline:deliver({ type = "block_suggestion", action_id = "o" }).answers)
    assert.same({}, seen)
  end)

  it("sees what a handler raised where it called next, and may answer for it (S174)", function()
    local caught
    app:command("/x", function(_, next)
      local ok, err = pcall(next)
      caught = not ok and err
      return "sorry"
    end, function() error(errors.new { code = "broken", message = "it is broken" }) end)
    assert.same({ '{"text":"sorry"}' }, offline:command("/x").answers)
    assert.equal("broken", caught.code)
    assert.equal(0, app:stats().failed)
  end)

  it("is named for what it raises itself, not the listener behind it", function()
    local failures = {}
    app:on_error(function(err, _, failure)
      table.insert(failures, { tostring(err):match "[%w ]+$", failure.listener ~= nil })
    end)
    app:use(function(_, next)
      next()
      error "raised above"
    end)
    app:message("one", note "a")
    app:message("fails", function() error "raised below" end)
    app:message("two", note "a")
    app:message("two", note "b")
    for _, text in ipairs { "one", "two", "fails" } do
      offline:message(text)
      Offline.settle()
    end
    assert.same({ { " raised above", false }, { " raised above", false },
      { " raised below", true } }, failures)
  end)

  it("gets one value from next, whatever is behind it", function()
    local counts = {}
    app:use(function(_, next) table.insert(counts, select("#", next())) end)
    app:message("two", note "a")
    app:message("two", note "b")
    app:message("one", note "c")
    for _, text in ipairs { "one", "two", "none" } do
      offline:message(text)
    end
    Offline.settle()
    assert.same({ 1, 1, 1 }, counts)
  end)

  it("of a listener calls next once, told by the line that did it twice (S172)", function()
    app:command("/x", function(_, next)
      next()
      next()
    end, note "x")
    offline:command "/x"
    assert.same({ "x" }, seen)
    assert.matches("middleware_spec.lua:%d+: next called twice by the same middleware",
      offline:log())
  end)

  it("runs for nothing whose workspace has not the app (S178)", function()
    offline = Offline.new { token = false, authorize = function() return nil, "not here" end }
    offline.app:use(note "everywhere")
    offline:command "/x"
    Offline.settle()
    assert.same({}, seen)
  end)

  it("what has registered it may be removed: the middleware of others stays", function()
    local listener = app:message(note "own", note "message")
    app:message(note "other")
    offline:message "x"
    listener:remove()
    offline:message "x"
    assert.same({ "own", "other", "other" }, seen)
  end)
end)
