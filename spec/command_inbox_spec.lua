local Trial = require "support.inbox_trial"
local command = require "slack.command"
local core = require "slack.core"
local each_redis = require "support.each_redis"
local entries = require "slack.command.entries"
local files = require "support.files"
local json = require "slack.json"
local opened_store = require "support.opened_store"
local owner = require "slack.inbox.owner"
local tasks = require "slack.tasks"

-- Runs words; what it wrote, complained and ended with.
local function run(...)
  local written, complained = {}, {}
  local status = command.run({ ... }, {
    write = function(text) written[#written + 1] = text end,
    complain = function(text) complained[#complained + 1] = text end,
    ask = function() end,
    environment = function() end,
  })
  return { status = status, written = table.concat(written), complained = table.concat(complained) }
end

local function event(channel, text)
  return assert(json.encode {
    type = "event_callback", team_id = "T1", event_id = "Ev1",
    event = { type = "app_mention", channel = channel, user = "U1", text = text },
  })
end

-- Puts entries into the inbox of a store; fn(ask) is then to give them their states.
local function fill(url, fn)
  tasks.run(function()
    opened_store.with_store(url, function(store)
      fn(function(operation, request)
        request.now = math.floor(core.time() * 1000)
        local result, err = store.backend:inbox(operation, request)
        assert(err == nil, tostring(err))
        return result
      end)
    end, { inbox = { owner = owner.new() } })
  end)
end

local function put(ask, key, body)
  return ask("put", {
    key = key, value = body, order = "", expires_at = math.floor(core.time() * 1000) + 600000,
    meta = '{"kind":"event","via":"socket"}', take = false,
  })
end

-- Two entries that are dead, and one that waits.
local function fill_with_three(url)
  fill(url, function(ask)
    put(ask, "Ev1", event("C1", "a secret wish"))
    put(ask, "Ev2", event("C2", "another one"))
    local list = ask("claim", { limit = 10, wait = 0 })
    for i = 1, #list, 7 do
      ask("fail", { key = list[i], value = "bot.lua:7: it fell over xoxb-1-2-three", by = -1 })
    end
    put(ask, "Ev3", event("C3", "third"))
  end)
end

local function behaves(new_url)
  local url

  before_each(function()
    url = new_url()
    fill_with_three(url)
  end)

  local function listed(...)
    local ran = run("inbox", "list", "--json", url, ...)
    assert.equal(0, ran.status, ran.complained)
    local list = {}
    for line in ran.written:gmatch "[^\n]+" do
      table.insert(list, json.decode(line))
    end
    return list
  end

  it("lists what is dead, as a table, without what people wrote", function()
    local ran = run("inbox", "list", url)
    assert.same({ 0, "" }, { ran.status, ran.complained })
    local lines = {}
    for line in ran.written:gmatch "[^\n]+" do
      table.insert(lines, line)
    end
    assert.equal(3, #lines)
    assert.matches("^ID +STATE +KIND +TYPE +TEAM +CHANNEL +AGE +ATTEMPTS +ERROR$", lines[1])
    assert.matches("^%S+ +dead +event +app_mention +T1 +C1 +%ds +1 +bot.lua:7: it fell over ",
      lines[2])
    assert.falsy(ran.written:find "wish" or ran.written:find "xoxb%-1")
  end)

  it("lists as JSON, by state, and no more than it is told", function()
    local dead, all = listed(), listed "--state=all"
    assert.same({ 2, 3 }, { #dead, #all })
    assert.same({ "dead", "event", "app_mention", "T1", "C1", 1 }, { dead[1].state, dead[1].kind,
      dead[1].type, dead[1].team, dead[1].channel, dead[1].attempts })
    assert.is_true(math.abs(dead[1].received - core.time()) < 60)
    assert.equal("C3", listed("--state", "waiting")[1].channel)
    assert.same({}, listed "--state=taken")
    local ran = run("inbox", "list", "--limit=1", url)
    assert.matches("there are more than these 1", ran.complained)
    ran = run("inbox", "list", "--state=delayed", url)
    assert.matches("^no delayed entries in ", ran.complained)
  end)

  it("has those handled again that are named", function()
    local id = listed()[1].id
    assert.same({ status = 0, written = "1 entry to be handled again\n", complained = "" },
      run("inbox", "retry", id, url))
    assert.equal(1, #listed())
    assert.equal(2, #listed "--state=waiting")
    local ran = run("inbox", "retry", id, url)
    assert.same({ 1, "0 entries to be handled again\n" }, { ran.status, ran.written })
    assert.matches("1 of 1 IDs are of no dead entry", ran.complained)
  end)

  it("has all of them handled again, or drops them", function()
    assert.equal("2 entries to be handled again\n", run("inbox", "retry", "--all", url).written)
    assert.equal("0 entries to be handled again\n", run("inbox", "retry", "--all", url).written)
    assert.equal(3, #listed "--state=waiting")
  end)

  it("works beside a bot that runs, which handles what is retried", function()
    run("inbox", "drop", "--all", url)
    tasks.run(function()
      local trial <close> = Trial.start {
        storage = url, app = { inbox = { attempts = 2, backoff = 0.01 } },
      }
      local bot = trial:start_bot()
      trial:wait_up(bot)
      trial:send(1, "fail")
      local function await_runs(count)
        trial:wait(count .. " runs", function()
          return #(trial.handlings.EvTrial1 or {}) == count and #listed("--state=dead") == 1
        end)
      end
      await_runs(2)
      assert.matches("lua%-slack inbox list", bot:output())
      assert.matches("bot.lua:%d+: as it was told to", listed()[1].error)
      assert.equal("1 entry to be handled again\n", run("inbox", "retry", "--all", url).written)
      await_runs(4)
      assert.equal("1 entry dropped\n", run("inbox", "drop", "--all", url).written)
      assert.same({}, listed "--state=all")
      assert.equal(0, trial:stop(bot))
    end)
  end)

  it("drops what is dead, and what is named in any state", function()
    assert.equal("1 entry dropped\n", run("inbox", "drop", listed()[1].id, url).written)
    assert.equal("1 entry dropped\n", run("inbox", "drop", "--all", url).written)
    local waiting = listed("--state=all")[1]
    assert.equal("waiting", waiting.state)
    assert.same({ status = 0, written = "1 entry dropped\n", complained = "" },
      run("inbox", "drop", waiting.id, url))
    local ran = run("inbox", "drop", waiting.id, url)
    assert.same({ 1, "0 entries dropped\n" }, { ran.status, ran.written })
    assert.matches("1 of 1 IDs are of no entry", ran.complained)
    assert.same({}, listed "--state=all")
  end)

  it("does not drop what a live process has in hand, and says so", function()
    fill(url, function(ask)
      ask("claim", { limit = 1, wait = 0 })
      local taken, dead = listed("--state=taken")[1].id, listed()[1].id
      local ran = run("inbox", "drop", taken, dead, "nonsense", url)
      assert.same({ 1, "1 entry dropped\n" }, { ran.status, ran.written })
      assert.matches("hands of a live process, so left as they are: " .. taken:gsub("%p", "%%%0")
        .. "; 1 of 3 IDs are of no entry", ran.complained)
      assert.equal(taken, listed("--state=taken")[1].id)
    end)
  end)
end

describe("lua-slack inbox on SQLite", function()
  local directory

  before_each(function()
    directory = files.temporary()
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  behaves(function() return "sqlite:" .. directory.path .. "/bot.db" end)

  it("finds nothing in a store without an inbox", function()
    local url = "sqlite:" .. directory.path .. "/plain.db"
    tasks.run(function()
      opened_store.with_store(url, function(store) store:set("a", 1) end)
    end)
    local ran = run("inbox", "list", url)
    assert.same({ 0, "" }, { ran.status, ran.written })
    assert.matches("^no dead entries in sqlite:.*/plain.db\n$", ran.complained)
  end)
end)

describe("lua-slack inbox on Redis", function()
  local redis = each_redis()
  if redis then
    behaves(function() return redis().url end)
  end
end)

describe("entries for people", function()
  local function row(entry)
    entry.id, entry.state, entry.attempts = "7", "dead", 3
    entry.received = entry.received or 1000
    return entries.table({ entry }, 1000 + 7300):match "\n(.*)\n"
  end

  it("are told by what they are and where they come from, of any kind", function()
    assert.matches("^7 +dead +command +/deploy +T1 +C1 +2h +3$", row {
      meta = { kind = "command", form = true },
      body = "command\0/deploy\0team_id\0T1\0channel_id\0C1\0text\0secret\0",
    })
    assert.matches("^7 +dead +interaction +block_actions +T1 +C1 +2h ", row {
      meta = { kind = "interaction" },
      body = '{"type":"block_actions","team":{"id":"T1"},"channel":{"id":"C1"},"actions":[{}]}',
    })
    assert.matches("^7 +dead +event +%- +%- +%- +2h +3$", row {
      meta = { kind = "event" }, body = "{ broken",
    })
  end)

  it("have their errors on one line, cut", function()
    assert.matches("boom traceback: a+…$", row {
      meta = {}, body = "{}", error = "boom\ntraceback: " .. ("a"):rep(200),
    })
  end)

  it("are UTF-8, whatever a handler raised", function()
    local entry = {
      id = "7", state = "dead", attempts = 3, received = 1000, meta = {}, body = "{}",
      error = "bad: \xff ä",
    }
    assert.matches("bad: \u{FFFD} ä$", row(entry))
    assert.equal("bad: \u{FFFD} ä", json.decode(entries.json { entry }).error)
  end)
end)
