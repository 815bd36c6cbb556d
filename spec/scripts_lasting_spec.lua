local json = require "slack.json"
local live = require "support.live_app"
local script_folder = require "support.script_folder"
local slack = require "slack"
local tasks = require "slack.tasks"

local answering, with_scripts = script_folder.answering, script_folder.run

local function collect()
  for _ = 1, 3 do
    tasks.sleep(0)
    collectgarbage()
  end
end

local function await_empty(weak)
  live.wait(function()
    collect()
    return next(weak) == nil
  end)
end

local function count(set)
  local number = 0
  for _ in pairs(set) do
    number = number + 1
  end
  return number
end

describe("an old generation of a script", function()
  -- Everything that a script can leave with the app, all of it noted in a weak table.
  local EVERYTHING <const> = [[
    local app, name = ...
    local slack = require "slack"
    local words = require "words"
    local kept = app:state("weak")
    local function noted(fn)
      kept[fn] = name
      return fn
    end
    kept[app], kept[words] = name, "module"
    app:use(noted(function(_, next) return next() end))
    app:message({ "x", order = "channel" }, noted(function() end), noted(function(c)
      c.data.x = noted(function() end)
    end))
    app:command("/c", noted(function(c) c:ack() end))
    app:route("GET", "/r", noted(function() end))
    app:every("1h", noted(function() end))
    app:on_error(noted(function() end))
    app:on_unload(noted(function() end))
    slack.spawn(noted(function() slack.sleep(1000) end))
    app:message("fail", noted(function() error(kept) end))
    app:message("fail", noted(function() end))
    app.scripts:subscribe(print)()
  ]]

  it("leaves nothing in memory when it is replaced, nor when it is removed", function()
    local weak = setmetatable({}, { __mode = "k" })
    with_scripts({}, function(on)
      on.app.states.weak = weak
      on.save("words.lua", "return {}")
      on.save("x.lua", EVERYTHING)
      on.await("x.lua", 1)
      local all = count(weak)
      assert.is_true(all > 12)
      for generation = 2, 4 do
        on.say "x"
        on.say "fail"
        on.offline:command "/c"
        collect()
        on.save(generation == 3 and "words.lua" or "x.lua",
          generation == 3 and "return {} -- again" or EVERYTHING .. "-- " .. generation)
        on.await("x.lua", generation)
      end
      collect()
      assert.equal(all, count(weak))
      assert(os.remove(on.path .. "/x.lua"))
      on.await("x.lua", nil)
      assert(os.remove(on.path .. "/words.lua"))
      await_empty(weak)
    end)
  end)

  it("lives as long as a handler of it, which is told of in the log and in numbers", function()
    local weak = setmetatable({}, { __mode = "k" })
    with_scripts({ ["x.lua"] = [[
      local app = ...
      local slack = require "slack"
      app:message(function(c)
        local answer = c:ask "?"
        table.insert(app:state("said", {}), "old heard " .. answer.text)
      end)
    ]] }, function(on)
      weak[on.scripts.live["x.lua"]] = true
      on.say "begin"
      live.wait(function() return on.app:stats().waiting == 1 end)
      on.save("x.lua", answering "new")
      on.await("x.lua", 2)
      assert.matches("reloaded x.lua: generation 2, .*; 1 handler goes on on the old code",
        on.offline:log())
      assert.matches("slack_handlers_outdated 1\n", on.app.metrics:render())
      on.say "blue"
      live.wait(function() return on.app:stats().running == 0 end)
      assert.equal("old heard blue", on.app:state "said"[1])
      assert.matches("slack_handlers_outdated 0\n", on.app.metrics:render())
      await_empty(weak)
    end)
  end)

  it("that failed to load leaves nothing either", function()
    local weak = setmetatable({}, { __mode = "k" })
    with_scripts({}, function(on)
      on.app.states.weak = weak
      on.save("words.lua", "return {}")
      on.save("x.lua", EVERYTHING .. "error 'on purpose'")
      on.await_report("failed", "x.lua")
      await_empty(weak)
    end)
  end)
end)

describe("a task that the top level of a script has spawned", function()
  local TICKING <const> = [[
    local app, name = ...
    local slack = require "slack"
    slack.spawn(function()
      local unwound <close> = setmetatable({}, { __close = function()
        table.insert(app:state("ended", {}), WORD)
      end })
      slack.all { function() slack.spawn(function()
        while true do
          app:state("ticks", {})[WORD] = (app:state("ticks")[WORD] or 0) + 1
          slack.sleep(0.005)
        end
      end) end }
      slack.sleep(1000)
    end)
  ]]

  it("ends with it, and what it has spawned as well", function()
    with_scripts({ ["x.lua"] = TICKING:gsub("WORD", '"one"') }, function(on)
      on.app:state("ended", {})
      live.wait(function() return (on.app:state("ticks", {}).one or 0) > 2 end)
      on.save("x.lua", (TICKING:gsub("WORD", '"two"')))
      live.wait(function() return (on.app:state "ticks".two or 0) > 2 end)
      live.wait(function() return on.app:state "ended"[1] == "one" end)
      local ticks = on.app:state "ticks".one
      tasks.sleep(0.03)
      assert.equal(ticks, on.app:state "ticks".one)
      on.save("x.lua", (TICKING:gsub("WORD", '"three"')) .. "slack.sleep(0.02) error 'no'")
      on.await_report("failed", "x.lua")
      live.wait(function() return on.app:state "ended"[2] == "three" end)
      assert.is_nil(on.app:state "ended"[3])
      on.scripts:stop()
      live.wait(function() return on.app:state "ended"[3] == "two" end)
    end)
  end)

  it("ends when what on_unload was given is done, which may use it", function()
    with_scripts({ ["x.lua"] = [[
      local app = ...
      local slack = require "slack"
      local is_asked = false
      local task = slack.spawn(function()
        repeat slack.sleep(0.005) until is_asked
        app:state("log", {})[1] = "ended by itself"
      end)
      app:on_unload(function()
        is_asked = true
        task:join()
      end)
    ]] }, function(on)
      on.app:state("log", {})
      on.save("x.lua", "")
      live.wait(function() return on.app:state "log"[1] end)
    end)
  end)

  it("is another matter than what a handler spawns, which goes on", function()
    with_scripts({ ["x.lua"] = [[
      local app = ...
      local slack = require "slack"
      app:message(function()
        slack.spawn(function()
          slack.sleep(0.1)
          app:state("log", {})[1] = "done"
        end)
      end)
    ]] }, function(on)
      on.say()
      on.save("x.lua", answering "new")
      on.await("x.lua", 2)
      live.wait(function() return on.app:state("log", {})[1] end)
    end)
  end)
end)

describe("a reload", function()
  it("does not repeat for a redelivery what listeners before it had finished", function()
    local function text(is_failing)
      return ([[
        local app = ...
        local function note(word, fails)
          return function()
            table.insert(app:state("said", {}), word)
            assert(not fails, "on purpose")
          end
        end
        app:message(note "a")
        app:message(note("b", %s))
        app:message(note "c")
      ]]):format(is_failing)
    end
    with_scripts({ ["x.lua"] = text(true) }, function(on)
      local function deliver()
        on.app.states.said = {}
        on.offline:event({ type = "message", text = "x", user = "U1", channel = "C1", ts = "1.1" },
          { body = { event_id = "EvSame" } })
        tasks.sleep(0)
        return table.concat(on.app.states.said, " ")
      end
      assert.equal("a b c", deliver())
      on.save("x.lua", "\n" .. text(false))
      on.await("x.lua", 2)
      assert.equal("b", deliver())
    end)
  end)

  it("tells in the log at debug level which listeners have come and gone", function()
    with_scripts({ ["x.lua"] = "local app = ...\napp:command('/a', print)\napp:every(60, print)" },
      function(on)
        on.save("x.lua", "local app = ...\napp:command('/b', print)\napp:every(60, print)")
        on.await("x.lua", 2)
        assert.matches("x.lua: removed command /a\n.*x.lua: added command /b", on.offline:log())
        assert.not_matches("removed schedule", on.offline:log())
      end)
  end)

  it("tells what failed in /metrics and /ready", function()
    live.run(function(here, new_app)
      local files = require "support.files"
      local folder <close> = files.temporary()
      files.write(folder.path .. "/bad.lua", "local app = ...\n\nerror 'secret words'")
      files.write(folder.path .. "/good.lua", answering "good")
      local app = new_app { scripts = folder.path, http = { host = "127.0.0.1", port = 0 } }
      assert(app:start())
      assert(here:wait_connections(1))
      local page = assert(slack.fetch(app.http_server:url() .. "/ready"))
      assert.equal(200, page.status)
      assert.same({ { script = "bad.lua", file = "bad.lua", line = 3 } },
        json.decode(page.body).scripts)
      assert.not_matches("secret words", page.body)
      local text = app.metrics:render()
      assert.matches('slack_script_problem{script="bad.lua"} 1\n', text, 1, true)
      assert.matches('slack_script_problem{script="good.lua"} 0\n', text, 1, true)
      assert.matches('slack_script_generation{script="good.lua"} 1\n', text, 1, true)
    end)
  end)
end)
