-- slack.spawn: a task of the program's own. A task goes on only while something waits, so one
-- that a script has left behind is told of when the script ends: nothing is dropped silently.

local log = require "slack.log"
local loop = require "slack.loop"
local ownership = require "slack.ownership"
local tasks = require "slack.tasks"

local MOST_PLACES <const> = 3

local under_way = setmetatable({}, { __mode = "k" }) -- task -> its function

local function place_of(fn)
  local info = debug.getinfo(fn, "S")
  return info.what == "C" and "a function of C" or info.short_src .. ":" .. info.linedefined
end

-- An app has its own way of ending, and tasks beside it may be meant to last as long as it.
local function tell_left_behind()
  if package.loaded["slack.app"] or loop.is_inherited() then
    return
  end
  local places, count = {}, 0
  for task, fn in pairs(under_way) do
    if not task.done then
      count = count + 1
      places[#places + 1] = #places < MOST_PLACES and place_of(fn) or nil
    end
  end
  if count > 0 then
    table.sort(places)
    log.default():warn("the program has ended before %s of slack.spawn (%s), and drops what was"
      .. " left to do: task:join() waits for a task", count == 1 and "a task" or count .. " tasks",
      table.concat(places, ", "))
  end
end

-- Finalized when the state is closed, as it is never dropped before.
local sentinel

---Runs fn(...) as a task of its own.
---@param fn function
---@return slack.Task
return function(fn, ...)
  if type(fn) ~= "function" then
    error("slack.spawn: function expected, got " .. type(fn), 2)
  end
  sentinel = sentinel or setmetatable({}, { __gc = tell_left_behind })
  local task = tasks.spawn(fn, ...)
  ownership.inherit(task)
  under_way[task] = not task.done and fn or nil
  return task
end
