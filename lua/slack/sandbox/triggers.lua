-- Trigger ids: three seconds, one use, one workspace (protocol §5.8).

local loop = require "slack.loop"
local new_id = require "slack.sandbox.new_id"

local LIFE = 3 -- seconds

---@class slack.sandbox.Triggers
local Triggers = {}
Triggers.__index = Triggers
Triggers.__name = "slack.sandbox.triggers"

---@param life? number seconds, 3
---@return slack.sandbox.Triggers
function Triggers.new(life)
  return setmetatable({ by_id = {}, life = life or LIFE }, Triggers)
end

---@param workspace slack.sandbox.Workspace
---@param user_id? string who did what it is for
---@return string id
function Triggers:add(workspace, user_id)
  local id = ("%d.%d.%s"):format(
    math.random(10 ^ 12 // 1), math.random(10 ^ 12 // 1), new_id "":lower())
  self.by_id[id] = {
    workspace = workspace, user_id = user_id, until_time = loop.now() + self.life,
  }
  return id
end

---@param id string
---@return slack.sandbox.Workspace? workspace where it was made
function Triggers:workspace(id)
  local trigger = self.by_id[id]
  return trigger and trigger.workspace
end

---@param id string
---@return string? user_id who did what it is for
function Triggers:user(id)
  local trigger = self.by_id[id]
  return trigger and trigger.user_id
end

---@param id string
---@param workspace slack.sandbox.Workspace whose token uses it
---@return true?, string? error Slack's word
function Triggers:use(id, workspace)
  local trigger = self.by_id[id]
  if not trigger or trigger.workspace ~= workspace then
    return nil, "invalid_trigger_id"
  elseif trigger.used then
    return nil, "exchanged_trigger_id"
  elseif loop.now() > trigger.until_time then
    return nil, "expired_trigger_id"
  end
  trigger.used = true
  return true
end

return Triggers
