-- Opens and closes stores many times, with operations in every state.
local Inbox = require "support.inbox_calls"
local Redis = require "support.redis"
local files = require "support.files"
local footprint = require "support.footprint"
local storage = require "slack.storage"
local tasks = require "slack.tasks"

local directory <close> = files.temporary()
local URL <const> = "sqlite:" .. directory.path .. "/bot.db"
local DIARY <const> = directory.path .. "/diary"
files.write(DIARY, ("Dear diary, "):rep(100))

local function every_operation(store)
  assert(store:set("k", { 1, 2 }) and store:get "k" and not store:get "none")
  assert(store:add("n", 1, { ttl = 60 }) and store:replace("n", 1, 2))
  assert(store:incr("m", 5) and not store:incr "k" and #store:keys "m" == 1)
  assert(store:delete "m" and store:delete_if("n", 2))
end

-- Also of what is asked when nobody listens any more.
local function open_and_close(url)
  local store = assert(storage.open(url))
  every_operation(store)
  tasks.run(function()
    for i = 1, 20 do
      tasks.spawn(store.set, store, "k" .. i, i)
    end
    local cancelled = tasks.spawn(store.keys, store)
    tasks.sleep(0)
    cancelled:cancel()
    store:close()
  end)
  assert(not store:get "k")
  local unread = assert(storage.open(url))
  tasks.spawn(unread.get, unread, "k")
  unread.backend.thread:close()
end

-- Deliveries in every state, and owners that go without a word.
local function use_inbox(url, owner)
  local inbox <close> = Inbox.open(url, owner, { lease = 0.05, max_entries = 5 })
  for i = 1, 6 do
    inbox:put("k" .. i, { order = i % 2 == 0 and "C" or "", take = i == 1 })
  end
  local entries = assert(inbox:claim())
  assert(inbox:list() and inbox:counts() and inbox:ask "owners")
  for i, entry in ipairs(entries) do
    local by = i % 2 == 0 and -1 or 0
    assert(i == 1 or inbox:fail(entry, by) ~= nil)
  end
  assert(inbox:ask("retry", { value = "" }) and inbox:ask("drop", { value = "" }))
  assert(inbox:done(table.unpack(entries, 2)) and inbox:claim(1, 0.01))
  assert(owner == "a" or inbox:ask("back", { value = "" }))
end

local redis <close> = Redis.is_installed() and Redis.start() or nil

local function one_redis_round()
  redis:ask "flushall"
  open_and_close(redis.url)
  use_inbox(redis.url, "a")
  assert(not storage.open((redis.url:gsub("//", "//:wrong@"))))
  assert(not storage.open "redis://127.0.0.1:1?timeout=0.05")
  local store = assert(storage.open(redis.url .. "?timeout=0.5"))
  redis:signal "STOP"
  tasks.run(function()
    tasks.all {
      function() assert(not store:set("k", 1)) end,
      function() assert(not store:keys()) end,
    }
  end)
  redis:signal "CONT"
  store:close()
end

local function one_round()
  open_and_close(URL)
  use_inbox(URL, "a")
  use_inbox(URL, "b")
  if redis then
    one_redis_round()
  end
  assert(not storage.open "sqlite:/dev/null/bot.db" and not storage.open("sqlite:" .. DIARY))
  local memory = storage.open "memory:"
  every_operation(memory)
  memory:close()
end

footprint.rounds(10, one_round)
