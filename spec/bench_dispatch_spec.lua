local Process = require "support.process"
local child = require "support.child"
local files = require "support.files"

describe("bench.dispatch_app", function()
  -- Its exit status and what it wrote when it was given these lines.
  local function take(kind, listeners, lines)
    local directory <close> = files.temporary()
    local orders = directory.path .. "/orders"
    files.write(orders, lines)
    local process <close> = Process.start(("%s spec/bench/dispatch_app.lua %s '%s' %d"):format(
      child.interpreter(), os.getenv "SLACK_CORE_DIR" or "build", kind, listeners),
      { input = orders })
    return process:wait(), process:output()
  end

  it("answers each order with the microseconds of an event, its handler among them", function()
    local status, output = take("commands", 3, "turn 32\nstill 32\nturn 32\n")
    assert.equal(0, status, output)
    local answers = {}
    for line in output:gmatch "[^\n]+" do
      answers[#answers + 1] = tonumber(line)
    end
    assert.equal(3, #answers, output)
    for _, microseconds in ipairs(answers) do
      assert.is_true(microseconds > 0)
    end
  end)

  it("ends with a failure when there is no such kind", function()
    local status, output = take("none such", 1, "turn 32\n")
    assert.equal(1, status)
    assert.matches("no kind of dispatch called none such", output)
  end)
end)
