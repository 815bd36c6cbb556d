-- Tasks that belong to a script: those of slack.spawn that its top level began, and that these
-- began in turn. They end with it. What a handler spawns belongs to nobody, and goes on.

local tasks = require "slack.tasks"

---@class slack.Ownership
---@field list table<slack.Task, true> weak
---@field is_over boolean
local Ownership = {}
Ownership.__index = Ownership
Ownership.__name = "slack.ownership"

local WEAK = { __mode = "k" }

---@return slack.Ownership
function Ownership.new()
  return setmetatable({ list = setmetatable({}, WEAK), is_over = false }, Ownership)
end

---What the task spawns from now on belongs to this as well.
---@param task slack.Task
function Ownership:adopt(task)
  task.owner = self
end

---The task belongs to whom the running one does, if to anybody.
---@param task slack.Task spawned now
function Ownership.inherit(task)
  local current = tasks.current()
  local owner = current and current.owner
  if not owner then
    return
  end
  task.owner = owner
  owner.list[task] = true
  if owner.is_over then
    task:cancel()
  end
end

---Ends them where they wait.
function Ownership:cancel()
  self.is_over = true
  for task in pairs(self.list) do
    task:cancel()
  end
end

return Ownership
