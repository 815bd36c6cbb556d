local LateAnswers = require "slack.late_answers"

describe("late answers", function()
  local now, lines, late

  before_each(function()
    now, lines = 0, {}
    late = LateAnswers.new({
      log = { warn = function(_, format, ...) table.insert(lines, format:format(...)) end },
    }, function() return now end)
  end)

  local function by_process(name)
    return { relay = { name = name, is_sent = true } }
  end

  it("are told of once in a while for each process that hangs, with how many there were", function()
    for _ = 1, 100 do
      late:deadline(by_process "a")
      late:deadline(by_process "b")
    end
    assert.equal(2, #lines)
    assert.matches("no ack in time from the process a, which has it", lines[1], 1, true)
    assert.matches("no ack in time from the process b, which has it", lines[2], 1, true)
    now = 60
    late:deadline(by_process "a")
    assert.matches("Its own log says more; 99 more like it since the last line$", lines[3])
  end)

  it("are told of each by itself when a listener here owes them", function()
    local request = { context = { listener = "100% busy" } }
    late:deadline(request)
    late:deadline(request)
    late:gone(request)
    assert.equal(3, #lines)
    assert.matches("no ack in time from 100% busy: acked empty. Ack first", lines[2], 1, true)
    assert.equal("Slack hung up before 100% busy had answered", lines[3])
  end)
end)
