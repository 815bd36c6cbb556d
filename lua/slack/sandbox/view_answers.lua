-- What an app answers to the submission of a modal: whether Slack would take it, and what it does
-- to the stack of views.

local block_checks = require "slack.sandbox.block_checks"
local json = require "slack.json"

local MOST_VIEWS <const> = 3
local RESPONSES <const> = { clear = true, errors = true, push = true, update = true }

local M = {}

-- Errors at no input show the person a failure.
local function find_wrong_error(view, errors)
  local can_show = {}
  for _, block in ipairs(view.blocks or {}) do
    can_show[block.block_id] = block.type == "input"
  end
  for block_id in pairs(type(errors) == "table" and errors or {}) do
    if not can_show[block_id] then
      return ("the view has no input in a block %q"):format(block_id)
    end
  end
end

-- How many views are in a stack up to this one.
local function depth_of(workspace, view)
  local depth = 0
  while view do
    depth, view = depth + 1, workspace.views[view.previous_view_id or false]
  end
  return depth
end

---Why Slack would not take an answer: the person sees a failure then, and the app nothing.
---@param workspace slack.sandbox.Workspace
---@param view table that was submitted
---@param ack any
---@return string? fault
function M.fault(workspace, view, ack)
  local action = type(ack) == "table" and ack.response_action
  local is_empty = ack == nil or ack == json.null or type(ack) == "table" and next(ack) == nil
  if is_empty then
    return nil
  elseif not RESPONSES[action] then
    return "its answer has no response_action that is errors, update, push or clear"
  elseif action == "errors" then
    return find_wrong_error(view, ack.errors)
  elseif action == "push" and depth_of(workspace, view) >= MOST_VIEWS then
    return "there are three views already"
  elseif action == "update" or action == "push" then
    local refusal = type(ack.view) == "table" and block_checks.refusal { view = ack.view }
    if refusal or type(ack.view) ~= "table" then
      return refusal and refusal.messages[1] or "the view is missing"
    end
  end
end

---Does to the stack of views what an answer says.
---@param workspace slack.sandbox.Workspace
---@param view table that was submitted
---@param ack any
function M.follow(workspace, view, ack)
  local action = type(ack) == "table" and ack.response_action
  if action == "errors" then
    return
  elseif action == "clear" then
    workspace:clear_views(view)
  elseif action == "update" then
    workspace:put_view(ack.view, {
      id = view.id,
      previous_view_id = view.previous_view_id,
      root_view_id = view.root_view_id,
      state = view.state,
    })
  elseif action == "push" then
    workspace:put_view(ack.view, { previous_view_id = view.id, root_view_id = view.root_view_id })
  else
    workspace:drop_view(view)
  end
end

return M
