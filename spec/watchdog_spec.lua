local child = require "support.child"
local core = require "slack.core"
local files = require "support.files"
local live_app = require "support.live_app"
local loop = require "slack.loop"
local slack = require "slack"
local watchdog = require "slack.watchdog"

describe("watchdog", function()
  local LIMIT <const> = { limit = 0.1 }
  local STOP <const> = { limit = 0.1, stop = 0.2 }

  local function find(lines, text)
    for _, line in ipairs(lines) do
      if line:find(text, 1, true) then
        return line
      end
    end
  end

  -- An app with a handler that a message calls.
  local function with_handler(options, handler, check)
    live_app.run(function(here, new_app, lines)
      local app = new_app { watchdog = options }
      local has_begun
      app:message("work", function(c)
        has_begun = true
        handler(c, lines)
      end)
      app:message("ping", function(c) c:say "pong" end)
      live_app.start(here, app)
      here:say { user = "ada", channel = "general", text = "work" }
      live_app.wait(function() return has_begun end) -- connections keep no order
      here:say { user = "ada", channel = "general", text = "ping" }
      assert(here:wait_message { channel = "general", text = "pong" })
      check(lines, app)
    end)
  end

  it("names the handler that keeps the Lua thread, and where it is, once", function()
    with_handler(LIMIT, function(_, lines)
      while not find(lines, 'app:message "work"') do end
      local count = #lines
      local from = os.clock()
      while os.clock() - from < 0.25 do end
      assert.equal(count, #lines)
    end, function(lines, app)
      local line = find(lines, 'app:message "work"')
      assert.matches('app:message "work" %(.*watchdog_spec%.lua:%d+%) has kept', line)
      assert.matches("traceback:.*watchdog_spec%.lua:%d+: in", line)
      assert.matches("slack_hogs_total [1-9]", app.metrics:render())
      assert.is_nil(find(lines, "error in"))
    end)
  end)

  it("stops one by an error, when it is to", function()
    with_handler(STOP, function() while true do end end, function(lines)
      assert.matches('error in app:message "work".*stopped by the watchdog',
        find(lines, "error in"))
    end)
  end)

  it("stops one that catches errors in a loop", function()
    with_handler(STOP, function()
      while true do
        pcall(function() while true do end end)
      end
    end, function(lines)
      assert.truthy(find(lines, "stopped by the watchdog"))
    end)
  end)

  it("lets what it stops clean up", function()
    local closed
    with_handler(STOP, function()
      local guard <close> = setmetatable({}, { -- luacheck: ignore 211
        __close = function()
          local sum = 0
          for i = 1, 1000 do sum = sum + i end
          closed = sum
        end,
      })
      while true do end
    end, function()
      assert.equal(500500, closed)
    end)
  end)

  it("stops what cleans up without an end, too", function()
    local outer
    with_handler(STOP, function()
      local last <close> = setmetatable({}, { -- luacheck: ignore 211
        __close = function() outer = true end,
      })
      local guard <close> = setmetatable({}, { -- luacheck: ignore 211
        __close = function() while true do end end,
      })
      while true do end
    end, function(lines)
      assert.is_true(outer)
      assert.matches('error in app:message "work".*stopped by the watchdog',
        find(lines, "error in"))
    end)
  end)

  it("leaves handlers alone that wait", function()
    with_handler(LIMIT, function() slack.sleep(0.3) end, function(lines)
      slack.sleep(0.3)
      assert.is_nil(find(lines, 'app:message "work"'))
    end)
  end)

  it("is off with false, and when its app is closed", function()
    live_app.run(function(here, new_app)
      local off = live_app.start(here, new_app { watchdog = false })
      assert.is_false(loop.default().watchdog)
      local on = live_app.start(here, new_app {})
      assert.truthy(loop.default().watchdog)
      on:close()
      assert.is_false(loop.default().watchdog)
      off:close()
    end)
  end)

  it("goes by the most impatient of several apps", function()
    local make, limits, apps = core.watchdog, {}, {}
    core.watchdog = function(limit, fn)
      table.insert(limits, limit)
      return make(limit, fn)
    end
    for i, limit in ipairs { 90, 90, 50, 90, 40, 60, 30, 90, 20, 10 } do
      apps[i] = { settings = { watchdog = limit } }
      watchdog.start(apps[i])
    end
    for i = #apps, 1, -1 do
      watchdog.stop(apps[i])
    end
    core.watchdog = make
    assert.same({ 90, 50, 40, 30, 20, 10, 20, 30, 40, 50, 90 }, limits)
    assert.is_false(loop.default().watchdog)
  end)

  describe("of scripts", function()
    local before

    before_each(function()
      before, watchdog.script_stop = watchdog.script_stop, 0.2
    end)

    after_each(function()
      watchdog.script_stop = before
    end)

    it("names a top level that does not end, and stops it", function()
      local directory <close> = files.temporary()
      files.write(directory.path .. "/endless.lua", "local app = ...\nwhile true do end")
      files.write(directory.path .. "/fine.lua", "local app = ...\napp:message('x', print)")
      live_app.run(function(here, new_app, lines)
        live_app.start(here, new_app { watchdog = LIMIT, scripts = directory.path })
        assert.truthy(find(lines, "the top level of endless.lua has kept the Lua thread"))
        assert.matches("endless.lua:2: stopped by the watchdog", find(lines, "was not loaded"))
        assert.truthy(find(lines, "loaded fine.lua"))
      end)
    end)
  end)

  describe("of work in C", function()
    it("says that it cannot be interrupted, and where it was when it ends", function()
      local ok, output = child.run [[
        local core = require "slack.core"
        local told
        local dog <close> = core.watchdog(0.05, function(...) told = { ... } end)
        local co = coroutine.create(function() os.execute "sleep 1" return "slept" end)
        assert(select(2, dog:resumer()(co)) == "slept")
        assert(told[1]:find "in function 'os.execute'" and told[2] > 0.05)
      ]]
      assert.is_true(ok, output)
      assert.matches("the Lua thread has been busy for 0%.%d s, in a C function", output)
    end)

    it("leaves a debugger's hook alone", function()
      local told, hooked = false, 0
      local dog <close> = core.watchdog(0.01, function() told = true end)
      local co = coroutine.create(function()
        debug.sethook(function() hooked = hooked + 1 end, "", 1000)
        local from = os.clock()
        while os.clock() - from < 0.1 do end
      end)
      assert(dog:resumer()(co))
      assert.is_false(told)
      assert.is_true(hooked > 0)
    end)
  end)

  it("leaves no hook behind, whenever the work ends", function()
    local told = 0
    local dog <close> = core.watchdog(0.005, function() told = told + 1 end)
    local resume = dog:resumer()
    local co = coroutine.wrap(function()
      local own = coroutine.create(function(seconds)
        while true do
          local from = os.clock()
          while os.clock() - from < seconds do end
          seconds = coroutine.yield()
        end
      end)
      for i = 1, tonumber(os.getenv "STRESS" or 0) > 0 and 5000 or 80 do
        assert(resume(own, i % 16 / 1000))
        assert.is_nil((debug.gethook(own)))
      end
      return true
    end)
    assert.is_true(co())
    assert.is_true(told > 0)
  end)

  it("does not stop what the stopped work has begun", function()
    local told = 0
    local dog <close> = core.watchdog(0.01, function()
      told = told + 1
      return told == 1 and 0.02 or nil
    end)
    local resume = dog:resumer()
    local begun = {}
    local cleanup <const> = { __close = function()
      for i = 1, 2 do
        begun[i] = coroutine.create(function()
          local sum = 0
          for n = 1, 2000000 do sum = sum + n end
          return sum
        end)
      end
    end }
    local _, ok, message = resume(coroutine.create(function()
      return pcall(function()
        local guard <close> = setmetatable({}, cleanup) -- luacheck: ignore 211
        while true do end
      end)
    end))
    assert.is_false(ok)
    assert.matches("stopped by the watchdog", message)
    assert.same({ true, 2000001000000 }, { coroutine.resume(begun[1]) })
    assert.equal(1, told)
    assert.same({ true, 2000001000000 }, { resume(begun[2]) })
  end)

  it("resumes as coroutine.resume does", function()
    local dog <close> = core.watchdog(10, print)
    local resume = dog:resumer()
    local co = coroutine.create(function(...)
      local more = { coroutine.yield(select("#", ...), ...) }
      error(more)
    end)
    assert.same({ true, 3, 1, nil, 3 }, { resume(co, 1, nil, 3) })
    local ok, err = resume(co, "a", "b")
    assert.same({ false, { "a", "b" } }, { ok, err })
    assert.same({ false, "cannot resume dead coroutine" }, { resume(co) })
    assert.has_error(function() resume(1) end)
    dog:close()
    assert.same({ true, 7 }, { resume(coroutine.create(function() return 7 end)) })
  end)

  for _, case in ipairs {
    { 0, "seconds, { limit =, stop = } or false expected" },
    { "1", "seconds, { limit =, stop = } or false expected" },
    { { limt = 1 }, 'unknown field "limt"' }, { { limit = -1 }, "limit: seconds expected" },
    { { limit = 2, stop = 1 }, "stop comes after limit" },
  } do
    it("says what is wrong with the option: " .. case[2], function()
      assert.error_matches(function()
        slack.app { token = "xoxb-1", app_token = "xapp-1", watchdog = case[1] }
      end, case[2], nil, true)
    end)
  end
end)
