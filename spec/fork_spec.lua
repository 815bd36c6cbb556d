local ScriptedServer = require "support.scripted_server"
local child = require "support.child"
local files = require "support.files"
local sanitizer = require "support.sanitizer"

-- Of its own accord nothing here forks once it has threads; a program may.
describe("a program that forks while the library is in use", function()
  local SCRIPT <const> = [[
    local core, http = require "slack.core", require "slack.http"
    local storage, tasks = require "slack.storage", require "slack.tasks"
    local store = assert(storage.open(%q))
    assert(store:set("k", "v"))
    tasks.run(function()
      local function ask()
        return assert(http.request {
          method = "POST", url = %q, net = http.net { proxy = "", ca_file = %q }, timeout = 20,
        })
      end
      assert(ask().body == "here")
      local pid = core.fork()
      if pid == 0 then
        os.exit(true, true)
      end
      local how
      for _ = 1, 500 do
        how = core.process_ended(pid)
        if how then
          break
        end
        tasks.sleep(0.02)
      end
      if not how then
        core.signal_process(pid, "KILL")
      end
      assert(how == "exit", "the copy does not end") -- its code is that of a leak checker, if any
      assert(ask().body == "here" and store:get "k" == "v")
    end)
  ]]

  it("ends in both processes, and what the first one has goes on", function()
    local directory <close> = files.temporary()
    local server <close> = ScriptedServer.start_tls({
      "read", "send HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nhere",
      "read", "send HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nhere", "hang",
    }, { "reset" })
    local store = "sqlite:" .. directory.path .. "/store"
    local ok, output = child.run(SCRIPT:format(store, server.url, server.ca_file))
    assert.is_true(ok, output)
  end)
end)

describe("an app that runs in a process that forks", function()
  -- An app with all its threads, and here: the local Slack, in the same process. copy(fn) runs
  -- fn in a fork of it and gives how that ended, and what it wrote.
  local PROLOGUE <const> = [[
    local core, slack, tasks = require "slack.core", require "slack", require "slack.tasks"
    local directory, is_copy = %q, false
    local function read(path)
      local file <close> = assert(io.open(path, "rb"))
      return file:read "a"
    end
    local function copy(fn)
      local path = directory .. "/said"
      os.remove(path)
      local pid = assert(core.fork())
      if pid == 0 then
        is_copy = true
        io.stdout, io.stderr = nil, nil
        local said <const> = assert(io.open(path, "wb"))
        said:setvbuf "no"
        local ok, err = pcall(fn, function(...) said:write(..., "\n") end)
        said:write(ok and "" or tostring(err))
        error "what the copy runs has ended"
      end
      local how, code
      for _ = 1, 1000 do
        how, code = core.process_ended(pid)
        if how then
          return how, code, read(path)
        end
        tasks.sleep(0.01)
      end
      core.signal_process(pid, "KILL")
      error "the copy does not end"
    end
    local function run(fn)
      local here <close> = assert(require("slack.sandbox").start {})
      local app <close> = slack.app {
        token = here.bot_token, app_token = here.app_token, signing_secret = here.signing_secret,
        api_url = here.api_url, ca_file = here.ca_file, transport = "both", watchdog = 60,
        http = { host = "127.0.0.1", port = 0 }, storage = "sqlite:" .. directory .. "/store",
        log = { level = "off" },
      }
      local heard = {}
      app:message("", function(c) table.insert(heard, c.message.text) end)
      assert(app:start())
      assert(here:wait_connections(2))
      fn(app, here, heard)
      local seen = #heard
      here:say { text = "the last one" }
      for _ = 1, 1000 do
        if #heard > seen then
          break
        end
        tasks.sleep(0.01)
      end
      assert(heard[#heard] == "the last one", "the app is deaf")
      assert(app.store:set("k", "v") and app.store:get "k" == "v")
      assert(app:stop())
    end
  ]]

  local function check(text)
    if sanitizer() == "address" then
      pending "AddressSanitizer's allocator does not expect a fork beside threads"
      return ""
    end
    local directory <close> = files.temporary()
    local ok, output = child.run(PROLOGUE:format(directory.path) .. text, "exec 2>&1")
    assert.is_true(ok, output)
    return output
  end

  it("goes on there, however the copy ends", function()
    check [[
      tasks.run(run, function(app)
        for name, ending in pairs {
          closed_state = function() os.exit(true, true) end,
          at_once = function() os.exit(true, false) end,
          raised = function() error "on purpose" end,
          closed_app = function() app:close() os.exit(true, true) end,
          collected = function() collectgarbage() collectgarbage() os.exit(true, true) end,
        } do
          local how = copy(ending)
          assert(how == "exit", name)
        end
      end)
    ]]
  end)

  it("says in the copy that nothing can be done with it there", function()
    local output = check [[
      tasks.run(run, function(app, here)
        local client, url = app.client, here.api_url
        for name, use in pairs {
          web_api = function() return client.auth.test() end,
          fetch = function() return slack.fetch(url) end,
          store = function() return app.store:get "k" end,
          server = function() return app.http_server:stats() end,
          messages = function() return require("slack.loop").mailbox():take() end,
        } do
          local _, _, said = copy(use)
          assert(said:find(" was made before a fork: fork before the first use of slack", 1, true),
            name .. ": " .. said)
        end
        local _, _, said = copy(function(say) say(tostring(select(2, app:stop()))) end)
        assert(said:find("the process that this one was forked from", 1, true), said)
        copy(function() slack.sleep(0) end)
        copy(function() return app:close(), app:start() end)
      end)
    ]]
    local _, ended = output:gsub("the loop was made before a fork: fork before the first use", "")
    assert.equal(2, ended, output) -- those two have waited, and found nothing that would go on
  end)

  it("loses and doubles nothing when copies come and go in the middle of traffic", function()
    check [[
      tasks.run(run, function(_, here, heard)
        local COUNT <const> = 200
        local talk = tasks.spawn(function()
          for i = 1, COUNT do
            here:say { text = "n" .. i }
            tasks.sleep(0.001)
          end
        end)
        local copies = 0
        repeat
          local how = copy(function() os.exit(true, copies % 2 == 0) end)
          assert(how == "exit")
          copies = copies + 1
        until talk:is_done() and copies >= 8
        for _ = 1, 1000 do
          if #heard >= COUNT then
            break
          end
          tasks.sleep(0.01)
        end
        local times = {}
        for _, text in ipairs(heard) do
          times[text] = (times[text] or 0) + 1
        end
        for i = 1, COUNT do
          assert(times["n" .. i] == 1, i)
        end
      end)
    ]]
  end)

  it("has no part in the signals that are sent to the copy", function()
    check [[
      local interrupts = require "slack.interrupts"
      tasks.run(run, function()
        local guard <close>, parent = interrupts.listen(error), core.pid()
        local pid = assert(core.fork())
        if pid == 0 then
          core.begin_process(parent) -- takes signals again
          local poller = core.poller() -- one of its own
          while true do
            poller:wait(0.01, {})
          end
        end
        assert(core.signal_process(pid, "TERM"))
        for _ = 1, 1000 do
          local how, number = core.process_ended(pid)
          if how then
            assert(how == "signal" and number == 15, how)
            return
          end
          tasks.sleep(0.01)
        end
        core.signal_process(pid, "KILL")
        error "the copy does not heed the signal"
      end)
    ]]
  end)

  it("gives its descriptors to no program that it runs", function()
    check [[
      local function inherited()
        local list <close> = assert(io.popen("ls -l /proc/self/fd", "r"))
        return list:read "a"
      end
      local before = inherited() -- as the one that runs this leaves it some
      tasks.run(run, function()
        for line in inherited():gmatch "[^\n]+" do
          local socket = line:match "socket:%[%d+%]"
          assert(not socket or before:find(socket, 1, true), line)
          assert(not line:find "anon_inode" and not line:find(directory, 1, true), line)
        end
      end)
    ]]
  end)
end)
