local App = require "slack.app"
local Process = require "support.process"
local clock = require "support.clock"
local files = require "support.files"
local live = require "support.live_app"
local loop = require "slack.loop"
local options = require "slack.options"
local runtime = require "support.runtime"
local storage = require "slack.storage"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"
local watched_store = require "support.watched_store"

local TOKENS = { token = "xoxb-1-offline", app_token = "xapp-1-offline" }

-- An app whose storage is open, without a network; what it logs is in `lines`.
local function new_app(store, lines)
  local given = { storage = store, log = {
    level = "info", sink = function(line) table.insert(lines or {}, line) end,
  } }
  for name, value in pairs(TOKENS) do
    given[name] = value
  end
  return assert(App.new(options.read(given)))
end

describe("durable state", function()
  local time, previous, store, watch

  before_each(function()
    local fake
    fake, time = clock.loop()
    previous = loop.use(fake)
    store, watch = watched_store.new()
  end)
  after_each(function() loop.use(previous) end)

  local function open(lines)
    local app = new_app(store, lines)
    require("slack.app_storage").open(app)
    return app
  end

  local function pass(seconds)
    tasks.run(function() tasks.sleep(seconds) end)
  end

  local function stored(name)
    return store:scope("state:"):get(name)
  end

  it("is what was stored, else its default", function()
    store:scope("state:"):set("old", { n = 5 })
    local app = open()
    assert.same({ n = 5 }, app:state("old", { n = 0 }, { durable = true }))
    assert.same({ n = 1 }, app:state("new", { n = 1 }, { durable = true }))
    assert.equal(app:state "old", app.states.old)
    assert.is_nil(stored "new")
    app:close()
  end)

  it("is stored within a second after a handler changed it, and only then", function()
    local app = open()
    local counts = app:state("counts", {}, { durable = true })
    tasks.run(function() counts.a = 1 end)
    pass(1.01)
    assert.same({ a = 1 }, stored "counts")
    pass(5)
    local batches = watch.batch
    for _ = 1, 100 do
      loop.step(1)
    end
    assert.equal(batches, watch.batch)
    tasks.run(function()
      counts.a = nil
      counts.b = { "x" }
    end)
    pass(1.01)
    assert.same({ b = { "x" } }, stored "counts")
    app:close()
  end)

  it("is not even looked at while no task runs", function()
    local app = open()
    local looks, x = 0, app:state("x", {}, { durable = true })
    pass(3)
    app.states = setmetatable({}, { __index = function()
      looks = looks + 1
      return x
    end })
    for _ = 1, 50 do
      loop.step(1)
    end
    assert.equal(1, looks)
    assert.is_true(time.now >= 1020, time.now)
  end)

  it("may be put in place of another by c.state, or taken away", function()
    local app = open()
    app:state("n", 1, { durable = true })
    tasks.run(function() app.states.n = 2 end)
    pass(1.01)
    assert.equal(2, stored "n")
    tasks.run(function() app.states.n = nil end)
    pass(1.01)
    assert.is_nil(stored "n")
    assert.equal(7, app:state("n", 7))
    app:close()
  end)

  it("takes over what a state that was not durable holds", function()
    local app = open()
    local list = app:state("list", { "made before" })
    assert.equal(list, app:state("list", {}, { durable = true }))
    pass(1.01)
    assert.same({ "made before" }, stored "list")
    app:close()
  end)

  it("does not take the place of what is stored when it was asked for otherwise before", function()
    store:scope("state:"):set("karma", { ada = 5 })
    local app = open()
    app:state("karma", {})
    local value, err = app:state("karma", {}, { durable = true })
    assert.is_nil(value)
    assert.equal("conflict", err.code)
    assert.matches('"karma" was asked for without { durable = true } before',
      tostring(err), 1, true)
    pass(1.01)
    assert.same({ ada = 5 }, stored "karma")
    app:close()
  end)

  it("is loaded once for all that ask at a time", function()
    watch.delay = 0.1
    local app = open()
    local got = tasks.run(function()
      local function ask() return app:state("x", {}, { durable = true }) end
      return tasks.all { ask, ask, ask }
    end)
    assert.equal(1, watch.get)
    assert.is_true(got[1] == got[2] and got[2] == got[3])
    app:close()
  end)

  it("that has become no JSON is told of with its path, and the others are stored", function()
    local lines = {}
    local app = open(lines)
    local good, bad = app:state("good", {}, { durable = true }),
      app:state("bad", {}, { durable = true })
    tasks.run(function()
      good.x = 1
      bad.deep = { fn = print }
    end)
    pass(5)
    assert.same({ x = 1 }, stored "good")
    assert.is_nil(stored "bad")
    local text = table.concat(lines, "\n")
    assert.matches('app:state: "bad" is not stored: JSON: deep.fn: a function', text)
    assert.equal(1, select(2, text:gsub("is not stored", "")))
    app:close()
  end)

  it("is stored by itself when all that has changed is too large to be stored at once", function()
    local app = open()
    local one = app:state("one", {}, { durable = true })
    local two = app:state("two", {}, { durable = true })
    app:state("three", { n = 3 }, { durable = true })
    tasks.run(function()
      one.text, two.text = ("1"):rep(9 << 20), ("2"):rep(9 << 20)
      app.states.three = nil
    end)
    pass(1.01)
    assert.same({ 9 << 20, 9 << 20 }, { #stored("one").text, #stored("two").text })
    assert.is_nil(stored "three")
    app:close()
  end)

  it("may have more values than a text of others", function()
    local app = open()
    local large = app:state("large", {}, { durable = true })
    tasks.run(function()
      large.list = table.move({ 1, 1 }, 1, 2, 1, {})
      for i = 3, (1 << 22) + 1 do
        large.list[i] = 1
      end
    end)
    pass(1.01)
    assert.equal((1 << 22) + 1, #stored("large").list)
    app:close()
  end)

  it("is tried again when the store has failed, and the log says so once", function()
    local lines = {}
    local app = open(lines)
    local x = app:state("x", {}, { durable = true })
    watch.is_failing = true
    tasks.run(function() x.n = 1 end)
    pass(10)
    assert.equal(1, select(2, table.concat(lines, "\n"):gsub("the disk is full", "")))
    watch.is_failing = false
    pass(1.01)
    assert.same({ n = 1 }, stored "x")
    app:close()
  end)

  it("that cannot be loaded is an error, and is asked for again the next time", function()
    local app = open()
    watch.is_failing = true
    local value, err = app:state("x", {}, { durable = true })
    assert.is_nil(value)
    assert.equal("storage", err.code)
    assert.matches('app:state: "x" cannot be loaded: .*the disk is full', tostring(err))
    watch.is_failing = false
    assert.same({}, app:state("x", {}, { durable = true }))
    app:close()
  end)

  it("raises misuse at the caller's line", function()
    local app = open()
    for message, ask in pairs {
      ["app:state: options: table expected, got boolean"] = function()
        app:state("x", {}, true)
      end,
      ['app:state: unknown option "durble"; did you mean "durable"?'] = function()
        app:state("x", {}, { durble = true })
      end,
      ["app:state: default: JSON: f: a function has no form in JSON"] = function()
        app:state("x", { f = print }, { durable = true })
      end,
      ["app:state: name: 1 to 512 bytes expected, got 513"] = function()
        app:state(("x"):rep(513), {}, { durable = true })
      end,
      ["app:state: name: 1 to 512 bytes expected, got 0"] = function()
        app:state("", {}, { durable = true })
      end,
    } do
      local raised = runtime.raised(ask)
      assert.matches("^spec/durable_state_spec.lua:%d+: ", raised)
      assert.truthy(raised:find(message, 1, true), raised)
    end
    app:close()
  end)

  it("with a storage in memory is a state like others, and a line warns of that", function()
    local lines = {}
    store = "memory:"
    local app = open(lines)
    assert.same({ 1 }, app:state("x", { 1 }, { durable = true }))
    assert.matches('"x" is to be durable, but the storage is "memory:"', table.concat(lines))
    app:close()
  end)
end)

describe("an app's durable state", function()
  local folder

  before_each(function() folder = files.temporary() end)
  after_each(function() getmetatable(folder).__close(folder) end)

  local function given(more)
    local all = { storage = "sqlite:" .. folder.path .. "/bot.db" }
    for name, value in pairs(more or {}) do
      all[name] = value
    end
    return all
  end

  it("is there again after a stop, asked for before the start or by a script (S029)", function()
    files.write(folder.path .. "/x.lua", [[
      local app = ...
      local said = app:state("said", {}, { durable = true })
      app:message("again", function(c) c:say(table.concat(said, ",")) end)
      app:message(function(c) table.insert(said, c.message.text) end)
    ]])
    live.run(function(here, new_live_app)
      local app = new_live_app(given { scripts = folder.path })
      local counts = assert(app:state("counts", { starts = 0 }, { durable = true }))
      counts.starts = counts.starts + 1
      assert(app:start())
      here:say { text = "one", channel = "general" }
      wait_until("the text", function() return app.states.said[1] end)
      assert(app:stop())
      local other = new_live_app(given { scripts = folder.path })
      counts = assert(other:state("counts", { starts = 0 }, { durable = true }))
      assert.equal(1, counts.starts)
      assert(other:start())
      here:say { text = "again", channel = "general" }
      assert(here:wait_message { text = "one", channel = "general" })
    end)
  end)

  it("keeps its table over a reload of the script that asks for it", function()
    local path = folder.path .. "/x.lua"
    local text = 'local app = ...\napp:state("x", {}, { durable = true }).%s = true'
    files.write(path, text:format "first")
    live.run(function(_, new_live_app)
      local app = new_live_app(given { scripts = folder.path })
      assert(app:start())
      local before = app.states.x
      files.write(path, text:format "second")
      wait_until("the reload", function() return app.states.x.second end)
      assert.equal(before, app.states.x)
      assert.same({ first = true, second = true }, before)
    end)
  end)

  it("is handed to the store also when the app is closed at once", function()
    live.run(function(_, new_live_app)
      local store = assert(storage.open(given().storage))
      for _, name in ipairs { "one", "two", "three" } do
        local app = new_live_app(given())
        assert(app:start())
        local known = assert(app:state("known", {}, { durable = true }))
        known[#known + 1] = name
        app:state("last", "", { durable = true })
        app.states.last = name
        app:close()
        wait_until("the last of it", function() return store:get "state:last" == name end)
      end
      assert.same({ "one", "two", "three" }, store:get "state:known")
      store:close()
    end)
  end)

  it("that was stored outlives kill -9", function()
    files.write(folder.path .. "/bot.lua", [[
      local slack = require "slack"
      local app = slack.app { storage = os.getenv "STORAGE" }
      local seen = assert(app:state("seen", {}, { durable = true }))
      app:message(function(c) table.insert(seen, c.message.text) end)
      os.exit(app:run() or 1)
    ]])
    live.run(function(here, new_live_app)
      local bot <close> = Process.lua(folder.path .. "/bot.lua", { environment = {
        STORAGE = given().storage, SLACK_BOT_TOKEN = here.bot_token,
        SLACK_APP_TOKEN = here.app_token, SLACK_API_URL = here.api_url,
        SSL_CERT_FILE = here.ca_file,
      } })
      assert(here:wait_connections(1))
      here:say { text = "one", channel = "general" }
      local store = assert(storage.open(given().storage))
      wait_until("the state", function() return store:get "state:seen" end)
      store:close()
      bot:signal "KILL"
      bot:wait()
      assert.same({ "one" }, new_live_app(given()):state("seen", {}, { durable = true }))
    end)
  end)

  it("is each worker's own to load", function()
    local app = new_app("memory:")
    app.settings.workers = 2
    assert.matches("with the option workers each of them loads what is durable",
      runtime.raised(function() app:state("x", {}, { durable = true }) end))
  end)
end)
