-- Which workspace a call of the Web API is about. A workspace's token says it; an
-- organization's leaves it to the arguments (protocol §16).

local M = {}

-- What lists or creates in an organization must name the workspace.
local NEEDS_TEAM = {
  ["conversations.list"] = true, ["conversations.create"] = true, ["users.list"] = true,
  ["users.conversations"] = true, ["search.messages"] = true, ["users.lookupByEmail"] = true,
}

local function find(workspaces, has)
  for _, workspace in ipairs(workspaces) do
    if has(workspace) then
      return workspace
    end
  end
end

local function of_argument(workspaces, args, trigger_workspace)
  local channel = args.channel or args.channel_id
  local view, user = args.view_id, args.user or args.users or args.user_id
  if args.trigger_id then
    local workspace = trigger_workspace(tostring(args.trigger_id))
    return find(workspaces, function(other) return other == workspace end)
  elseif channel then
    return find(workspaces, function(workspace)
      return workspace.channels[channel] or workspace.users[channel]
    end)
  elseif view then
    return find(workspaces, function(workspace) return workspace.views[view] end)
  elseif user then
    local first = tostring(user):match "[^,%s]+"
    return find(workspaces, function(workspace) return workspace.users[first] end)
  end
end

---@param identity slack.sandbox.Identity
---@param method string
---@param args table
---@param trigger_workspace fun(trigger_id: string): slack.sandbox.Workspace?
---@return slack.sandbox.Workspace? workspace, string? error Slack's word
function M.of(identity, method, args, trigger_workspace)
  local place = identity.place
  if not place.is_org then
    if args.team_id and args.team_id ~= place.id and NEEDS_TEAM[method] then
      return nil, "team_access_not_granted"
    end
    return place
  elseif args.team_id then
    local workspace = find(place.workspaces, function(other) return other.id == args.team_id end)
    return workspace, not workspace and "team_access_not_granted" or nil
  elseif NEEDS_TEAM[method] then
    return nil, "missing_argument"
  end
  return of_argument(place.workspaces, args, trigger_workspace) or place.workspaces[1]
end

return M
