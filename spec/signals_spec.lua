local child = require "support.child"
local core = require "slack.core"

-- By popen, because os.execute ignores SIGINT while it waits.
local function raise(name)
  assert(io.popen(("kill -%s %d"):format(name, core.pid()))):close()
end

describe("signals", function()
  local signals

  before_each(function()
    signals = assert(core.signals { "INT", "TERM", "HUP" })
  end)

  after_each(function()
    signals:close()
  end)

  it("makes its descriptor readable instead of ending the process", function()
    local poller, ready = core.poller(), {}
    assert(poller:add(signals:fd()))
    assert.equal(0, poller:wait(0, ready))
    raise("TERM")
    assert.equal(1, poller:wait(5, ready))
    assert.equal("TERM", signals:take())
    assert.is_nil(signals:take())
    assert.equal(0, poller:wait(0, ready))
    poller:close()
  end)

  it("gives them in the order they came, each time they came", function()
    raise("HUP")
    raise("INT")
    raise("INT")
    assert.same({ "HUP", "INT", "INT" }, { signals:take(), signals:take(), signals:take() })
  end)

  it("exists once per process", function()
    assert.error_matches(function()
      core.signals { "INT" }
    end, "taken already")
    signals:close()
    signals = assert(core.signals { "INT" })
  end)

  it("raises on names it does not know", function()
    signals:close()
    for _, names in ipairs { { "KILL" }, {}, { 15 }, { "INT", "TERM", "HUP", "INT" } } do
      assert.has_error(function()
        core.signals(names)
      end)
    end
    signals = assert(core.signals { "INT" })
  end)
end)

describe("signals:close", function()
  it("puts back what a signal did before", function()
    local ok, output = child.run [[
      local core = require "slack.core"
      local signals = core.signals { "TERM" }
      os.execute("kill -TERM " .. core.pid())
      print("survived", signals:take())
      io.stdout:flush()
      signals:close()
      os.execute("kill -TERM " .. core.pid())
      print("not reached")
    ]]
    assert.is_false(ok)
    assert.matches("survived\tTERM", output)
    assert.not_matches("not reached", output)
  end)

  it("is done by the garbage collector too", function()
    local ok, output = child.run [[
      local core = require "slack.core"
      core.signals { "INT" }
      collectgarbage()
      assert(core.signals { "INT" })
      print("again")
    ]]
    assert.is_true(ok, output)
    assert.matches("again", output)
  end)
end)
