local Process = require "support.process"
local child = require "support.child"
local files = require "support.files"
local live_app = require "support.live_app"
local log = require "slack.log"
local opened = require "support.opened_store"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

describe("a store in a file of SQLite", function()
  local directory, path

  before_each(function()
    directory = files.temporary()
    path = directory.path .. "/bot.db"
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  -- Opens, calls fn(store) and closes. The disk may be slow, so it is not synced.
  local function with_store(fn, options)
    options = options or {}
    options.synchronous = options.synchronous or "normal"
    local store = assert(storage.open("sqlite:" .. path, options))
    local closing <close> = setmetatable({}, { __close = function() store:close() end })
    return fn(store, closing)
  end

  local function patch(offset, bytes)
    local file <close> = assert(io.open(path, "r+b"))
    file:seek("set", offset)
    file:write(bytes)
  end

  -- Starts processes that run a script each with `store` and its number, once all are there.
  local function race(count, text)
    local script = directory.path .. "/race.lua"
    files.write(script, ([[
      local number, count = tonumber(os.getenv "NUMBER"), %d
      local store = assert(require "slack.storage".open(%q, {
        busy_timeout = 60, synchronous = "normal",
      }))
      local function meet(place)
        local deadline = os.time() + 60
        store:incr(place)
        repeat assert(os.time() < deadline, place) until store:get(place) == count
      end
      meet "start"
      %s
      store:close()
    ]]):format(count, "sqlite:" .. path, text))
    local outputs, processes = {}, {}
    for number = 1, count do
      processes[number] = Process.lua(script, { environment = { NUMBER = tostring(number) } })
    end
    for number, process in ipairs(processes) do
      assert.equal(0, process:wait(), process:output())
      outputs[number] = process:output()
      getmetatable(process).__close(process)
    end
    return outputs
  end

  it("has what was set when it is opened again", function()
    with_store(function(store)
      store:set("k", { 1 })
      store:set("gone", 1, { ttl = 1000 })
    end, { synchronous = "full" })
    with_store(function(store)
      assert.same({ 1 }, store:get "k")
      assert.equal(1, store:get "gone")
    end)
    with_store(function(store)
      assert.same({ "k" }, store:keys())
    end, { clock = function() return os.time() + 2000 end })
  end)

  it("is for its owner alone, with the files beside it", function()
    with_store(function(store)
      store:set("k", 1)
      local _, modes = files.run(("stat -c %%a %s*"):format(path))
      assert.equal("600\n600\n600\n", modes)
    end)
    assert.same({ path }, files.list(directory.path, ""))
  end)

  it("warns when others can read a file that it finds", function()
    local lines = {}
    local logger = log.new { sink = function(line) table.insert(lines, line) end }
    with_store(function() assert.same({}, lines) end, { log = logger })
    files.run("chmod 640 " .. path)
    with_store(function()
      assert.matches("bot.db can be read by other users: chmod go= it", lines[1], 1, true)
    end, { log = logger })
  end)

  it("does not keep what was deleted or has expired in the file", function()
    local now = 1000
    with_store(function(store)
      store:set("a", "xoxb-deleted")
      store:set("b", "xoxb-replaced")
      store:set("c", "xoxb-expired", { ttl = 10 })
      store:delete "a"
      store:set("b", "-")
      now = now + 10
      store:set("d", 1)
    end, { clock = function() return now end })
    assert.is_nil(files.read(path):find("xoxb", 1, true))
  end)

  it("loses nothing that a set was answered for when the process is killed", function()
    local script = directory.path .. "/writer.lua"
    files.write(script, ([[
      local store = assert(require "slack.storage".open(%q, { synchronous = "normal" }))
      for i = 1, math.huge do
        assert(store:set("k" .. i, i) and store:set("last", i))
        io.stdout:write(i, "\n")
        io.stdout:flush()
      end
    ]]):format("sqlite:" .. path))
    local process <close> = Process.lua(script)
    live_app.wait(function() return #process:output() > 100 end)
    process:signal "KILL"
    process:wait()
    local told = tonumber(process:output():match "(%d+)\n[^\n]*$")
    with_store(function(store)
      assert.is_true(store:get "last" >= told)
      for i = 1, told do
        assert.equal(i, store:get("k" .. i))
      end
    end)
  end)

  it("counts right when processes count at the same time", function()
    race(3, [[
      for _ = 1, 60 do assert(store:incr "n") end
      for _ = 1, 20 do
        repeat
          local list = store:get "list" or store:add("list", {}) and {}
          local longer = list and { table.unpack(list) }
          if list then longer[#longer + 1] = number end
        until list and store:replace("list", list, longer)
      end
    ]])
    with_store(function(store)
      assert.equal(180, store:get "n")
      assert.equal(60, #store:get "list")
    end)
  end)

  it("lets one of the processes that race have what only one can have", function()
    local outputs = race(3, [[
      for i = 1, 60 do
        local key = "lock" .. i
        local added = store:add(key, number)
        assert(added ~= nil)
        if added then print(i) end
      end
      meet "between"
      for i = 1, 60 do
        if store:delete("lock" .. i) then print("deleted " .. i) end
      end
    ]])
    local all = table.concat(outputs)
    for i = 1, 60 do
      assert.equal(1, select(2, ("\n" .. all):gsub("%f[^\n]" .. i .. "\n", "")), all)
      assert.equal(1, select(2, all:gsub("deleted " .. i .. "\n", "")), all)
    end
  end)

  it("does what many tasks ask for at a time, sharing commits", function()
    with_store(function(store)
      tasks.run(function()
        local list = {}
        for i = 1, 500 do
          list[i] = function() return store:set("k" .. i, i) end
        end
        assert(tasks.all(list))
      end)
      assert.equal(500, #store:keys "k")
      local stats = store.backend:stats()
      assert.equal(501, stats.jobs)
      assert.is_true(stats.commits <= stats.batches and stats.batches <= stats.jobs)
    end)
  end)

  it("suspends the task that asks and nothing else", function()
    with_store(function(store)
      local order = {}
      tasks.run(function()
        local task = tasks.spawn(function()
          store:set("k", 1)
          table.insert(order, "set")
        end)
        tasks.spawn(table.insert, order, "another")
        task:join()
      end)
      assert.same({ "another", "set" }, order)
    end)
  end)

  it("finishes what waits when it is closed, and tells those who wait", function()
    local ends = {}
    local store = assert(storage.open("sqlite:" .. path))
    tasks.run(function()
      local list = {}
      for i = 1, 100 do
        list[i] = tasks.spawn(function()
          ends[i] = store:set("k" .. i, i)
        end)
      end
      tasks.sleep(0)
      store:close()
      assert.equal("closed", select(2, store:get "k1").code)
      tasks.all(list)
    end)
    for i = 1, 100 do
      assert.is_true(ends[i])
    end
    with_store(function(again)
      assert.equal(100, #again:keys())
    end)
  end)

  it("goes on when a task that waits for it is cancelled", function()
    with_store(function(store)
      tasks.run(function()
        local task = tasks.spawn(store.set, store, "k", 1)
        tasks.sleep(0)
        task:cancel()
        assert.is_true(store:set("l", 1))
        assert.same({ "k", "l" }, store:keys())
      end)
    end)
  end)

  it("leaves the loop nothing to wait for when it is closed", function()
    opened.check_loop("sqlite:" .. path, { synchronous = "normal" })
  end)

  it("leaves no thread and no descriptor behind", function()
    opened.check_footprint(10, "sqlite:" .. path, "sqlite:" .. directory.path .. "/none/bot.db")
  end)

  it("is not opened, and no thread started, before storage.open", function()
    assert(child.run(([[
      local footprint, storage = require "support.footprint", require "slack.storage"
      local before = footprint.take()
      assert(not storage.check(%q))
      assert(footprint.is_back_at(before))
    ]]):format("sqlite:" .. path)))
    assert.same({}, files.list(directory.path, ""))
  end)

  describe("that cannot be opened is an error which says why:", function()
    local function refused()
      local store, err = storage.open("sqlite:" .. path, { busy_timeout = 0 })
      assert.is_nil(store)
      assert.truthy(tostring(err):find(path, 1, true), tostring(err))
      return err.code, tostring(err)
    end

    it("its directory is missing", function()
      path = directory.path .. "/none/bot.db"
      local code, text = refused()
      assert.equal("open", code)
      assert.matches("No such file or directory: make its directory first", text)
    end)

    it("its path is long", function()
      path = directory.path .. ("/é"):rep(200) .. "/none/bot.db"
      local _, err = storage.open("sqlite:" .. path)
      local pattern = "^cannot make …[é/]+/none/bot.db: .+: make its directory first$"
      assert.matches(pattern, tostring(err))
      assert.truthy(utf8.len(tostring(err)))
    end)

    it("it is a directory, or would lie in a file", function()
      path = directory.path
      local code, text = refused()
      assert.equal("open", code)
      assert.matches("cannot be opened: Is a directory: give the path of a file", text)
      files.write(directory.path .. "/file", "")
      path = directory.path .. "/file/bot.db"
      assert.equal("open", refused())
    end)

    it("it is something else", function()
      files.write(path, ("Dear diary, today was fine. "):rep(100))
      local code, text = refused()
      assert.equal("corrupt", code)
      assert.matches("is no SQLite database", text)
      assert.matches("^Dear diary", files.read(path))
    end)

    it("a newer lua-slack has written it", function()
      with_store(function(store) store:set("k", 1) end)
      patch(60, string.pack(">I4", 3)) -- user_version, in the header of the file
      local code, text = refused()
      assert.equal("newer", code)
      assert.matches("its schema is 3, this one knows 2", text)
    end)

    it("it is another program's database", function()
      with_store(function(store) store:set("k", 1) end)
      patch(68, string.pack(">I4", 0)) -- application_id
      assert.equal("foreign", refused())
    end)
  end)

  it("tells of damage where it is met, and the program goes on", function()
    with_store(function(store)
      for i = 1, 1000 do
        tasks.spawn(store.set, store, "k" .. i, ("v"):rep(50))
      end
    end)
    local size = #files.read(path)
    patch(4096, ("\xa5"):rep(size - 4096)) -- all pages but the first
    with_store(function(store)
      local value, err = store:get "k500"
      assert.is_nil(value)
      assert.equal("corrupt", err.code)
      assert.truthy(tostring(err):find(path .. " is damaged", 1, true), tostring(err))
      assert.equal("corrupt", select(2, store:set("k500", "xoxb-secret")).code)
    end)
  end)
end)
