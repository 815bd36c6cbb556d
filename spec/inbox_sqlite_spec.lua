local Inbox = require "support.inbox_calls"
local Process = require "support.process"
local conformance = require "support.inbox_conformance"
local files = require "support.files"
local live_app = require "support.live_app"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

local BUILD = os.getenv "SLACK_CORE_DIR" or "build"

describe("an inbox in a file of SQLite", function()
  local directory, url

  before_each(function()
    directory = files.temporary()
    url = "sqlite:" .. directory.path .. "/bot.db"
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  -- The disk may be slow, so it is not synced.
  local function open(owner, settings)
    settings = settings or {}
    settings.store = { synchronous = "normal" }
    return Inbox.open(url, owner, settings)
  end

  -- A process that keeps all others from writing until it is closed.
  local function locked()
    local process = Process.start(("%s/unit/store_lock_server %s"):format(
      BUILD, Process.quote(directory.path .. "/bot.db")
    ))
    tasks.run(function()
      wait_until("the lock", function() return process:output():find "locked" end)
    end)
    return process
  end

  conformance(open)

  -- Starts a process that has `inbox` under a name of its own; the text goes on from there.
  local function start(owner, text)
    local script = directory.path .. "/" .. owner .. ".lua"
    files.write(script, ([[
      local Inbox = require "support.inbox_calls"
      local inbox = Inbox.open(%q, %q, { store = { synchronous = "normal" } })
      local function say(...)
        io.stdout:write(table.concat({ ... }, " "), "\n")
        io.stdout:flush()
      end
    ]]):format(url, owner) .. text)
    return Process.lua(script)
  end

  it("gives what is put to the process that puts it, unless others come first", function()
    local a <close> = open("a")
    local b <close> = open("b")
    local id = a:put("k", { take = true })
    assert.equal("string", type(id))
    assert.equal("", b:claim_keys())
    local entry = { id = a:put("c1", { take = true, order = "C" }) }
    assert.is_true(a:put("c2", { take = true, order = "C" }))
    assert.is_true(b:put("c3", { take = true, order = "C" }))
    assert.equal("", b:claim_keys())
    a:done(entry)
    assert.equal("c2", b:claim_keys())
    assert.is_false(a:put("k", { take = true }))
    assert.equal(id, a:fail({ id = id }, -1))
  end)

  it("takes over at once what a killed process had", function()
    local a <close> = open("a")
    a:put "k"
    local process <close> = start("pc.boot-1.4026.77.0a1b", [[ -- as slack.app calls its owners
      local entry = inbox:claim()[1]
      say(entry.key, inbox:put("taken", { take = true }))
      os.execute "sleep 60"
    ]])
    live_app.wait(function() return process:output():find "\n" end)
    assert.equal("", a:claim_keys())
    process:signal "KILL"
    process:wait()
    assert.equal("k taken", a:claim_keys())
    assert.matches("inbox +deliveries that pc:77 had are taken over, .+: 2$", a.lines[1])
  end)

  it("loses nothing that was put when the process is killed", function()
    local process <close> = start("b", [[
      for i = 1, math.huge do
        assert(inbox:put("k" .. i, { take = i % 2 == 0 }))
        say(i)
      end
    ]])
    live_app.wait(function() return #process:output() > 100 end)
    process:signal "KILL"
    process:wait()
    local told = tonumber(process:output():match "(%d+)\n[^\n]*$")
    local a <close> = open("a")
    local seen = {}
    for _, entry in ipairs(a:claim(10000)) do
      seen[entry.key] = true
    end
    for i = 1, told do
      assert.is_true(seen["k" .. i])
    end
  end)

  it("keeps each delivery once and hands it to one of the processes that race", function()
    local text = [[
      local tasks = require "slack.tasks"
      local kept, had = 0, {}
      tasks.run(function()
        for i = 1, 40 do
          local ok = assert(inbox:put("k" .. i) ~= nil)
          kept = kept + (ok and 1 or 0)
        end
        for _ = 1, 100 do
          for _, entry in ipairs(assert(inbox:claim(3))) do
            table.insert(had, entry.key)
            assert(inbox:done(entry))
          end
        end
      end)
      say(table.unpack(had))
    ]]
    local processes, seen = {}, {}
    for i = 1, 3 do
      processes[i] = start("p" .. i, text)
    end
    for _, process in ipairs(processes) do
      assert.equal(0, process:wait(), process:output())
      for key in process:output():gmatch "%S+" do
        assert.is_nil(seen[key], key)
        seen[key] = true
      end
      getmetatable(process).__close(process)
    end
    for i = 1, 40 do
      assert.is_true(seen["k" .. i])
    end
  end)

  it("writes nothing when there is nothing to claim", function()
    local a <close> = open("a")
    assert.equal("", a:claim_keys()) -- it becomes an owner
    local commits = a.store.backend:stats().commits
    for _ = 1, 10 do
      assert.equal("", a:claim_keys())
      assert.equal("0 0 0 0", a:counts())
    end
    assert.equal(commits, a.store.backend:stats().commits)
  end)

  it("shares commits between deliveries, their ends and what the app stores", function()
    local a <close> = open("a")
    local before = a.store.backend:stats()
    local list = {}
    local lock = locked()
    tasks.run(function()
      for i = 1, 100 do
        list[3 * i - 2] = function() return a:put("k" .. i) end
        list[3 * i - 1] = function() return a:done { id = tostring(i) } end
        list[3 * i] = function() return a.store:set("s" .. i, i) end
      end
      list[301] = function() -- all of it waits for the file now
        lock:__close()
        return true
      end
      assert(tasks.all(list))
    end)
    local stats = a.store.backend:stats()
    assert.equal(300, stats.jobs - before.jobs)
    assert.is_true(stats.commits - before.commits < 10)
    assert.equal("0 0 0 0", a:counts())
  end)

  it("gives no more at a time than memory is to hold", function()
    local a <close> = open "a"
    local body = ("x"):rep(1500 * 1000)
    for i = 1, 4 do
      a:put("k" .. i, { value = body })
    end
    assert.equal("k1 k2 k3", a:claim_keys())
    assert.equal("k4", a:claim_keys())
  end)

  -- By a clock that is so many seconds ahead.
  local function ask_at(inbox, seconds, operation, request)
    request.now = (os.time() + seconds) * 1000
    request.expires_at = request.now + 600 * 1000
    return inbox.store.backend:inbox(operation, request)
  end

  it("drops what has been dead for as long as it is kept", function()
    local a <close> = open("a", { keep_dead = 3600 })
    a:put "k"
    a:fail(a:claim()[1], -1)
    assert.is_true(ask_at(a, 3500, "put", { key = "l" }))
    assert.equal("1 0 0 1", a:counts())
    assert.is_true(ask_at(a, 3700, "put", { key = "m" }))
    assert.equal("2 0 0 0", a:counts())
  end)

  it("knows again what took long to be done", function()
    local a <close> = open "a"
    local id = a:put("k", { take = true })
    ask_at(a, 5000, "done", { value = id })
    assert.is_false(ask_at(a, 5500, "put", { key = "k" }))
    assert.is_true(ask_at(a, 5700, "put", { key = "k" }))
  end)
end)
