-- Measures the inbox of a store by itself: deliveries put and done, and claims from a backlog.
--   lua5.4 spec/bench/inbox_store.lua [BUILD_DIRECTORY [DIRECTORY_OF_THE_FILE]]
package.cpath = (arg[1] or "build") .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local Inbox = require "support.inbox_calls"
local core = require "slack.core"
local files = require "support.files"
local tasks = require "slack.tasks"

local IN_FLIGHT <const> = 64
local DELIVERIES <const> = 20000
local BACKLOG <const> = 100000
local CLAIMS <const>, ENTRIES <const> = 100, 64
local BODY <const> = ("x"):rep(1400) -- about a message event's

local function print_figure(what, format, value)
  print(("%-56s " .. format):format(what, value))
end

-- Calls work(i) for each number, so many of them at a time; gives the seconds that took.
local function all(first, last, in_flight, work)
  local began, next_number = core.monotonic(), first
  local function worker()
    while next_number <= last do
      local i = next_number
      next_number = i + 1
      work(i)
    end
  end
  tasks.run(function()
    local list = {}
    for i = 1, in_flight do
      list[i] = worker
    end
    assert(tasks.all(list))
  end)
  return core.monotonic() - began
end

local function measure(name, inbox, taking)
  local function put(i)
    return assert(inbox:put(("Ev%08d"):format(i), { value = BODY, take = taking }))
  end
  local seconds = all(1, DELIVERIES, IN_FLIGHT, function(i) inbox:done { id = put(i) } end)
  print_figure(("%s: put and done, %d in flight"):format(name, IN_FLIGHT), "%.0f/s",
    DELIVERIES / seconds)
  taking = false
  seconds = all(DELIVERIES + 1, DELIVERIES + BACKLOG, 1000, put)
  print_figure(("%s: put, 1,000 in flight"):format(name), "%.0f/s", BACKLOG / seconds)
  seconds = all(1, CLAIMS, 1, function() assert(#inbox:claim(ENTRIES) == ENTRIES) end)
  print_figure(("%s: claim %d of %d"):format(name, ENTRIES, BACKLOG), "%.0f us",
    seconds / CLAIMS * 1e6)
  inbox:close()
end

for _, durability in ipairs { "full", "normal" } do
  local directory <close> = files.temporary()
  local path = (arg[2] or directory.path) .. "/bench.db"
  measure("sqlite, " .. durability,
    Inbox.open("sqlite:" .. path, "bench", { store = { synchronous = durability } }), true)
  os.remove(path)
end
