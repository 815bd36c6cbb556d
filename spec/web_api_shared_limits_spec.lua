local KeptLog = require "support.kept_log"
local Process = require "support.process"
local Redis = require "support.redis"
local clients = require "slack.client"
local files = require "support.files"
local made_up_http = require "support.made_up_http"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local TOKEN <const> = "xoxb-111111111111-222222222222-abcdefABCDEF"

describe("limits in a store", function()
  local slack, store, kept, answer

  before_each(function()
    kept, answer = KeptLog.new(), false
    slack = made_up_http.start(function(...)
      if answer then
        return answer(...)
      end
      return 200, { ok = true }
    end)
    store = storage.open("memory:", { clock = function() return slack.time.now end })
  end)

  after_each(function()
    slack:stop()
  end)

  local function new_client(methods, given)
    return clients.new {
      token = TOKEN, max_wait = given and given.max_wait,
      pacing = { store = given and given.store or store, methods = methods },
      log = kept.log,
    }
  end

  local function count_lines(pattern)
    return kept:count(pattern)
  end

  -- A client counts for a process of its own: they have nothing in common but the store.
  local function call_all(group, count, name)
    tasks.run(function()
      local calls = {}
      for i = 1, count do
        for _, client in ipairs(group) do
          table.insert(calls, tasks.spawn(function()
            return assert(client:call(name, { n = i }))
          end))
        end
      end
      for _, call in ipairs(calls) do
        assert(call:join())
      end
    end)
  end

  it("let a minute's worth through in all, and then keep to the pace in all", function()
    call_all({ new_client(), new_client(), new_client() }, 9, "users.list")
    local sent = slack.requests
    assert.equal(27, #sent)
    assert.is_true(sent[20].at < 0.1)
    for i = 21, 27 do
      local expected = 3 * (i - 20)
      assert.is_true(math.abs(sent[i].at - expected) < 0.2, ("%d at %g"):format(i, sent[i].at))
    end
  end)

  it("tell of each wait, once it is known", function()
    local told = {}
    local client = clients.new {
      token = TOKEN, pacing = { store = store, methods = { ["users.list"] = 30 } }, log = kept.log,
      on_wait = function(...) table.insert(told, table.pack(...)) end,
    }
    call_all({ client }, 30, "users.list")
    assert.same({}, told)
    call_all({ client }, 3, "users.list")
    assert.equal(3, #told)
    for i, wait in ipairs(told) do
      assert.same({ "users.list", "pacing" }, { wait[1], wait[3] })
      assert.is_true(math.abs(wait[2] - 2 * i) < 0.2, ("%d: %g"):format(i, wait[2]))
    end
    assert.equal(1, count_lines "users.list: calls wait to keep to Slack's limit, now 2.0 s")
  end)

  it("keep a pause of one process for the others, too", function()
    local one, other = new_client(nil, { max_wait = 10 }), new_client(nil, { max_wait = 10 })
    answer = function(_, number)
      if number == 1 then
        return 429, { ok = false, error = "ratelimited" }, { ["Retry-After"] = "30" }
      end
      return 200, { ok = true }
    end
    local _, err = one.users.list()
    assert.equal("ratelimited", err.code)
    _, err = other.users.list()
    assert.equal("ratelimited", err.code)
    assert.is_true(math.abs(err.retry_after - 30) < 0.1)
    assert.equal(1, #slack.requests)
    assert(other.team.info())
    slack.time.now = slack.time.now + 31
    assert(other.users.list())
  end)

  it("are kept by channel, too", function()
    local function post(client)
      return client.chat.postMessage({ channel = "C1", text = "x" }, { max_wait = 0 })
    end
    local one, other = new_client(), new_client()
    for _ = 1, 5 do
      assert(post(one))
      assert(post(other))
    end
    local _, err = post(one)
    assert.equal("ratelimited", err.code)
    assert.equal(10, #slack.requests)
  end)

  it("hold nobody up for long when another's clock is ahead", function()
    local ahead = storage.open("memory:", { clock = function() return slack.time.now + 3600 end })
    ahead.backend = store.backend
    local one, other = new_client(nil, { store = ahead }), new_client()
    call_all({ one }, 20, "users.list")
    call_all({ other }, 1, "users.list")
    assert.is_true(slack.requests[21].at < 4)
  end)

  it("hold nobody up for long when another's clock was ahead by a year in a pause", function()
    local year = 365 * 86400
    local ahead = storage.open("memory:", { clock = function() return slack.time.now + year end })
    ahead.backend = store.backend
    local hurried = new_client(nil, { store = ahead, max_wait = 0 })
    answer = function() return 429, "", { ["Retry-After"] = "20" } end
    tasks.run(function()
      assert.is_nil((hurried.users.list()))
      tasks.sleep(0.1)
    end)
    answer = false
    call_all({ new_client() }, 1, "users.list")
    assert.is_true(slack.requests[2].at < 10)
  end)

  it("do not make on_wait tell of the store", function()
    local told = 0
    local client = clients.new {
      token = TOKEN, log = "off", pacing = { store = store },
      on_wait = function() told = told + 1 end,
    }
    call_all({ client }, 20, "users.list")
    assert.equal(0, told)
    assert.equal(0, client:stats().waits)
  end)

  it("tell nothing of the token", function()
    call_all({ new_client() }, 2, "users.list")
    tasks.run(function()
      assert(new_client().chat.postMessage { channel = "C1", text = "x" })
    end)
    local keys = store:keys()
    assert.equal(3, #keys)
    for _, key in ipairs(keys) do
      assert.is_nil(key:find("xox", 1, true))
      assert.is_nil(key:find("222222222222", 1, true))
    end
  end)

  it("are forgotten by the store when nobody calls", function()
    call_all({ new_client() }, 5, "users.list")
    slack.time.now = slack.time.now + 100
    assert.same({}, store:keys())
  end)

  it("ask the store once for many calls that wait", function()
    local asked, get = 0, store.get
    function store:get(key)
      asked = asked + 1
      return get(self, key)
    end
    call_all({ new_client { ["users.list"] = { per_minute = 600, burst = 600 } } }, 500,
      "users.list")
    assert.equal(500, #slack.requests)
    assert.is_true(asked < 20, "asked " .. asked)
  end)

  it("lease more and more to who uses it up, call by call", function()
    local asked, get = 0, store.get
    function store:get(key)
      asked = asked + 1
      return get(self, key)
    end
    local client = new_client { ["users.list"] = { per_minute = 6000, burst = 600 } }
    tasks.run(function()
      for i = 1, 300 do
        assert(client.users.list { n = i })
      end
    end)
    assert.is_true(asked < 40, "asked " .. asked)
  end)

  for name, break_it in pairs {
    ["gives errors"] = function()
      local broken = storage.open "memory:"
      broken:close()
      return broken
    end,
    ["raises"] = function()
      return { replace = true, get = function() error "broken" end }
    end,
    ["never answers"] = function()
      return { replace = true, get = function() tasks.sleep(1e6) end }
    end,
  } do
    it("are each process' own when the store " .. name .. ", with one line in the log", function()
      local client = new_client(nil, { store = break_it() })
      call_all({ client }, 22, "users.list")
      assert.equal(22, #slack.requests)
      assert.is_true(slack.requests[20].at < 1.6)
      assert.is_true(slack.requests[22].at > 5)
      assert.equal(1, count_lines "limits are not shared for now, as the storage fails")
      local began = slack.time.now
      call_all({ client }, 1, "team.info")
      call_all({ client }, 1, "conversations.info")
      assert.is_true(slack.time.now - began < 2) -- not each limit asks in vain
    end)
  end
end)

-- What each of the processes does: calls until it is refused, then says how often it was not.
local PROCESS = [[
  local clients, storage = require "slack.client", require "slack.storage"
  local http, tasks = require "slack.http", require "slack.tasks"
  local store = assert(storage.open(os.getenv "STORE"))
  local limited = os.getenv "LIMITED" == "1"
  local function header(_, name)
    return limited and name == "retry-after" and "60" or nil
  end
  local made = 0
  http.request = function()
    made = made + 1
    tasks.sleep(0.001)
    local body = limited and '{"ok":false,"error":"ratelimited"}' or '{"ok":true}'
    return { status = limited and 429 or 200, body = body, header = header }
  end
  local client = clients.new { token = "xoxb-1-2-x", log = "off", max_wait = 0, pacing = {
    store = store, methods = { ["users.list"] = { per_minute = 1, burst = 30 } },
  } }
  local function is_pause_told()
    for _, key in ipairs(store:keys "pacing:") do
      if store:get(key)[2] > (os.time() + 10) * 1000000 then
        return true
      end
    end
  end
  local ok = 0
  tasks.run(function()
    assert(store:incr "ready")
    while store:get "ready" < tonumber(os.getenv "TOGETHER") do
      tasks.sleep(0.005)
    end
    while client.users.list() do
      ok = ok + 1
    end
    if limited then
      require "support.wait_until"("the pause in the store", is_pause_told)
    end
  end)
  store:close()
  print(("ok=%d made=%d"):format(ok, made))
]]

describe("limits of two processes", function()
  local directory

  before_each(function()
    directory = files.temporary()
    files.write(directory.path .. "/calls.lua", PROCESS)
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  local function start(url, together, limited)
    return Process.lua(directory.path .. "/calls.lua", { environment = {
      STORE = url, TOGETHER = tostring(together), LIMITED = limited and "1" or "0",
    } })
  end

  local function finish(process)
    local status = process:wait()
    local ok, made = process:output():match "ok=(%d+) made=(%d+)"
    assert(status == 0 and ok, process:output())
    return tonumber(ok), tonumber(made)
  end

  local function check(url)
    local one <close> = start(url, 2)
    local other <close> = start(url, 2)
    local first, second = finish(one), finish(other)
    assert.equal(30, first + second)
  end

  local function check_pause(url)
    local one <close> = start(url, 1, true)
    assert.same({ 0, 1 }, { finish(one) })
    local other <close> = start(url, 1)
    assert.same({ 0, 0 }, { finish(other) })
  end

  it("are one limit over SQLite", function()
    check("sqlite:" .. directory.path .. "/bot.db")
  end)

  it("share their pauses over SQLite", function()
    check_pause("sqlite:" .. directory.path .. "/bot.db")
  end)

  describe("over Redis", function()
    local redis

    before_each(function()
      redis = Redis.is_installed() and Redis.start() or nil
    end)

    after_each(function()
      if redis then
        redis:stop()
      end
    end)

    it("are one limit, and share their pauses", function()
      if not redis then
        pending(Redis.MISSING)
      end
      check(redis.url .. "/0")
      check_pause(redis.url .. "/1")
    end)
  end)
end)
