local aims = require "bench.aims"

local RATIO <const> = "cost, lua-slack = 1"

local function figure(part, group, who, what, values)
  return { part = part, group = group, who = who, what = what, values = values }
end

describe("bench.aims", function()
  it("says of each aim that was measured whether it is met", function()
    local table_ = aims {
      figure("socket_mode", "wss", "bare lws", RATIO, { 2, 2.5, 4 }),
      figure("socket_mode", "wss", "Bolt", RATIO, { 11, 11, 11 }),
    }
    assert.same({
      { "an event over wss: CPU beside libwebsockets, acks only", "at most 0.5",
        "0.40 (0.25–0.50)", "yes" },
      { "events per CPU second beside Bolt", "at least 12", "11.0", "no" },
    }, table_.rows)
  end)

  it("takes the worst of several kinds", function()
    local table_ = aims {
      figure("dispatch", "actions", "lua-slack", "10,000 : 1", { 1.1 }),
      figure("dispatch", "views", "lua-slack", "10,000 : 1", { 1.3 }),
      figure("dispatch", "options", "lua-slack", "10,000 : 1", { 1 }),
    }
    assert.same({ "1.30", "no" }, { table_.rows[1][3], table_.rows[1][4] })
  end)

  it("has no table of a run that measured none", function()
    assert.is_nil(aims { figure("inbox", "HTTP", "memory", "events/s", { 1 }) })
  end)
end)
