local child = require "support.child"
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

-- The C module gets none, now and then, while apps live and die (malloc_shim.c).
describe("the C module without memory", function()
  local SCRIPT <const> = [[
    local sandbox, slack = require "slack.sandbox", require "slack"
    local loop, tasks = require "slack.loop", require "slack.tasks"
    local DIRECTORY <const>, LIVES <const> = %q, %d
    loop.default().on_error, tasks.on_error = function() end, function() end
    local function refuse_one_in(count)
      local file <close> = assert(io.open(os.getenv "MALLOC_ODDS", "r+b"))
      file:write(string.pack("=I4", count))
    end
    local function try(fn, ...)
      return select(2, pcall(tasks.timeout, 1, fn, ...))
    end
    -- Gives how many of the messages were heard.
    local function live(here, transport)
      local heard <const>, count = {}, 0
      local app <close> = slack.app {
        token = here.bot_token, app_token = here.app_token, signing_secret = here.signing_secret,
        api_url = here.api_url, ca_file = here.ca_file, transport = transport, log = "off",
        http = { host = "127.0.0.1", port = 0 }, storage = "sqlite:" .. DIRECTORY .. "/store",
        shutdown_timeout = 1, timeout = 1, socket_mode = {
          open_timeout = 1, hello_timeout = 1, ping_interval = 0.1, pong_timeout = 0.5,
          backoff_first = 0.01, backoff_maximum = 0.1,
        },
      }
      app:message("", function(c)
        count = count + (heard[c.message.text] and 0 or 1)
        heard[c.message.text] = true
        c:say "heard"
      end)
      try(app.start, app)
      if app.http_server and transport ~= "socket" then
        here:deliver_over_http(app.http_server:url() .. "/slack/events")
      end
      for i = 1, 20 do
        here:say { text = transport .. i }
        tasks.sleep(0.005)
      end
      for _ = 1, 5 do
        tasks.spawn(try, app.client.auth.test)
      end
      try(slack.fetch, here.api_url .. "api.test", { ca_file = here.ca_file })
      try(app.client.upload, app.client, { content = ("x"):rep(300000), filename = "x" })
      try(app.store.set, app.store, "k", "v")
      local deadline = loop.now() + 1
      repeat tasks.sleep(0.01) until count == 20 or loop.now() > deadline
      try(app.stop, app)
      return count
    end
    tasks.run(function()
      for i = 1, LIVES do
        local here <close> = assert(sandbox.start { tls = i %% 4 == 0 })
        refuse_one_in(20 * i)
        pcall(live, here, i %% 2 == 0 and "socket" or "http")
        refuse_one_in(0)
      end
      for _, transport in ipairs { "socket", "http" } do
        local here <close> = assert(sandbox.start {})
        print("afterwards", live(here, transport))
      end
    end)
  ]]

  it("dies of nothing, loses no block, and is well when there is memory again", function()
    if files.read(package.searchpath("slack.core", package.cpath)):find "__[at]san_init"
      or not files.run "cc -include features.h -dM -E - </dev/null | grep -q __GLIBC__" then
      pending "the functions of malloc are a sanitizer's, or not those of glibc"
      return
    end
    local directory <close> = files.temporary()
    local path, seed = directory.path, os.time()
    files.write(path .. "/odds", "\0\0\0\0")
    assert(files.run(("%s -std=c11 -D_GNU_SOURCE -O1 -fPIC -shared -pthread -o %s/shim.so "
      .. "spec/support/malloc_shim.c"):format(os.getenv "CC" or "cc", path)))
    local ok, output = child.run(SCRIPT:format(path, os.getenv "STRESS" and 60 or 4),
      ("exec 2>&1; export LD_PRELOAD=%s/shim.so MALLOC_ODDS=%s/odds MALLOC_SEED=%d"):format(
        path, path, seed))
    local said = "seed " .. seed .. "\n" .. output
    assert.is_true(ok, said)
    assert.equal(2, select(2, output:gsub("afterwards\t20", "")), said)
    local refused, left = output:match "refused (%d+), left (%d+)"
    assert.equal("0", left, said)
    assert.is_true(tonumber(refused) >= 20, said)
  end)
end)
