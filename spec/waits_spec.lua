local Talk = require "support.talk"
local loop = require "slack.loop"
local slack = require "slack"
local tasks = require "slack.tasks"

local COUNT <const> = os.getenv "STRESS" and 100000 or 3000

local function any(list)
  return list[math.random(#list)]
end

-- Ways to wait; each gives what came.
local WAYS = {
  function(c) return c:ask "Well?" end,
  function(c) return c:ask("Well?", { timeout = any { 0, 0.001 } }) end,
  function(c) return c:wait { message = true } end,
  function(c)
    return (c:wait { { message = slack.pattern "^x" }, { event = "reaction_added" } })
  end,
  function(c) return c:wait { message = true, from = { "U1", "U2" }, thread = "anywhere" } end,
  function(c)
    return slack.race {
      function() return c:wait { message = true } end,
      function() return (c:wait { event = "reaction_added" }) end,
      function() return (c:ask "Well?") end,
    }
  end,
}

describe("waits", function()
  local talk, posts, running, seen

  before_each(function()
    talk, posts, running, seen = Talk.new(), {}, {}, {}
    talk.offline.answers["chat.postMessage"] = function(arguments)
      local ts, gate = Talk.new_ts(), tasks.waiter()
      table.insert(posts, gate)
      gate:await()
      return { ok = true, ts = ts, channel = arguments.channel }
    end
  end)

  local function note(c)
    local number = c and c.event.number
    if number then
      seen[number] = (seen[number] or 0) + 1
    end
  end

  local function listen()
    talk.app:message("go", function(c)
      table.insert(running, tasks.current())
      note(any(WAYS)(c))
    end)
    talk.app:message(slack.pattern "^x", note)
    talk.app:event("reaction_added", note)
  end

  local function say(text, number)
    talk.offline:event {
      type = "message", text = text, user = any { "U1", "U2" }, channel = any { "C1", "D2" },
      thread_ts = any { false, "1600000000.000001" } or nil, ts = Talk.new_ts(), number = number,
    }
  end

  local function react(number)
    talk.offline:event {
      type = "reaction_added", reaction = "eyes", user = any { "U1", "U2" },
      item = { channel = any { "C1", "D2" }, ts = "1.1" }, number = number,
    }
  end

  local function happen(number)
    local chance = math.random(10)
    if chance <= 2 then
      say "go"
    elseif chance <= 4 and posts[1] then
      table.remove(posts, math.random(#posts)):resolve()
    elseif chance <= 6 then
      loop.step(0)
    elseif chance <= 9 then
      say("x", number)
      return true
    else
      react(number)
      return true
    end
  end

  local function finish()
    for _ = 1, 3 do
      for _, gate in ipairs(posts) do
        gate:resolve()
      end
      Talk.settle()
    end
    for _, task in ipairs(running) do
      task:cancel()
    end
    Talk.settle()
  end

  it("lose nothing and give nothing twice, whatever comes when (STRESS=1: longer)", function()
    listen()
    local sent = {}
    for number = 1, COUNT do
      sent[number] = happen(number) and 1 or nil
    end
    finish()
    assert.same(sent, seen)
    assert.equal(0, talk.app.dispatch.waits.count)
    assert.equal(0, talk.app.dispatch.running)
  end)
end)
