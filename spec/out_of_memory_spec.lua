local core = require "slack.core"
local files = require "support.files"
local own_states = require "support.own_states"

-- Where memory ends once, at any of the requests for it, nothing is left half done.
describe("Lua without memory", function()
  local PROLOGUE <const> = [[
    local loop, tasks = require "slack.loop", require "slack.tasks"
    local problems, seed = {}, %d
    loop.default().on_error = function() end
    tasks.on_error = function() end
    math.randomseed(seed)
    local function settle()
      for _ = 1, 8 do
        loop.step(0)
      end
    end
    local function check(holds, ...)
      if not holds then
        table.insert(problems, table.concat({ ... }, " "))
      end
    end
    -- Calls fn(attempt) with one refusal at a time, at each request for memory that it makes; or
    -- at many of them.
    local function refuse(fn, prepare, judge, stride)
      local at, none = 1, false
      while not none and #problems < 10 do
        local attempt = prepare()
        fail_in(at)
        local ok, err = pcall(fn, attempt)
        none = fail_in()
        judge(attempt, "at " .. at .. ":", ok, err)
        at = at + (stride and math.random(1, 1 + at // stride) or 1)
      end
      return table.concat(problems, "\n")
    end
  ]]

  local function check(text)
    local seed = os.time()
    local said = own_states.run(PROLOGUE:format(seed) .. text)
    assert.equal("", said, "seed " .. seed)
  end

  it("leaves no task that is begun and never ends, and none that waits for it", function()
    check [[
      cover()
      for _, idle in ipairs { true, false } do
        refuse(function(attempt)
          attempt.task = tasks.spawn(attempt.work)
        end, function()
          local attempt = { others = {}, work = function() tasks.sleep(0) end }
          for i = 1, idle and 0 or 66 do -- so that there is no coroutine that was used before
            attempt.others[i] = tasks.spawn(function() tasks.sleep(1e6) end)
          end
          return attempt
        end, function(attempt, at)
          settle()
          check(not tasks.current(), at, "a task is left running")
          local begun = false
          tasks.spawn(function() begun = true end)
          check(begun, at, "tasks do not begin any more")
          check(not attempt.task or attempt.task.done, at, "it has not ended")
          for _, task in ipairs(attempt.others) do
            task:cancel()
          end
        end)
      end
      return table.concat(problems, "\n")
    ]]
  end)

  it("leaves no place of a delivery taken that is not handled", function()
    check [[
      local offline = require("support.offline_app").new { log = { level = "off" } }
      local app, handled = offline.app, 0
      app:message("", function()
        tasks.sleep(0)
        handled = handled + 1
      end)
      offline:message "to load what is loaded late"
      settle()
      cover()
      for _, idle in ipairs { true, false } do
        refuse(function()
          offline:message "this one"
        end, function()
          local others = {}
          for i = 1, idle and 0 or 66 do
            others[i] = tasks.spawn(function() tasks.sleep(1e6) end)
          end
          return others
        end, function(others, at)
          settle()
          local before, dispatch = handled, app.dispatch
          offline:message "the next one"
          settle()
          check(handled == before + 1, at, "the next one is not handled")
          check(dispatch.running == 0 and dispatch.in_use == 0 and not next(dispatch.jobs), at,
            "it is counted for ever")
          for _, task in ipairs(others) do
            task:cancel()
          end
        end)
      end
      return table.concat(problems, "\n")
    ]]
  end)

  it("leaves an app that can be started again", function()
    local directory <close> = files.temporary()
    assert(core.make_directory(directory.path .. "/scripts"))
    files.write(directory.path .. "/scripts/one.lua",
      "local app = ...\napp:message('', function() end)")
    check((([[
      local slack = require "slack"
      local app = slack.app {
        signing_secret = "any", authorize = function() return { bot_token = "xoxb-1" } end,
        transport = "http", http = { host = "127.0.0.1", port = 0 }, log = "off", watchdog = 60,
        storage = "sqlite:DIRECTORY/store", scripts = "DIRECTORY/scripts",
      }
      local function start_and_stop()
        return tasks.run(function()
          assert(app:start())
          assert(app:stop())
          return true
        end)
      end
      start_and_stop()
      cover()
      return refuse(start_and_stop, function() end, function(_, at)
        local closed, why = pcall(app.close, app)
        check(closed, at, tostring(why))
        local ok, err = pcall(start_and_stop)
        check(ok and err, at, tostring(err))
      end, 6)
    ]]):gsub("DIRECTORY", directory.path)))
  end)
end)
