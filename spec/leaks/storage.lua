-- Opens and closes stores in files many times, with operations in every state.
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

local function one_round()
  local store = assert(storage.open(URL))
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
  local unread = assert(storage.open(URL)) -- its answers come when nobody listens any more
  tasks.spawn(unread.get, unread, "k")
  unread.backend.thread:close()
  assert(not storage.open "sqlite:/dev/null/bot.db" and not storage.open("sqlite:" .. DIARY))
  local memory = storage.open "memory:"
  every_operation(memory)
  memory:close()
end

footprint.rounds(10, one_round)
