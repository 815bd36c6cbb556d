-- Methods about people.

local paging = require "slack.sandbox.methods.paging"

local MEMBERS = { name = "members", kind = "user", key = function(user) return user.id end }

---@type table<string, slack.sandbox.Method>
local methods = {}

methods["users.info"] = function(workspace, call)
  local user = workspace.users[tostring(call.args.user or "")]
  if not user then
    return nil, "user_not_found"
  end
  return { user = user }
end

methods["users.list"] = function(workspace, call)
  return paging.by_cursor(workspace.user_list, call, MEMBERS)
end

methods["users.lookupByEmail"] = function(workspace, call)
  for _, user in ipairs(workspace.user_list) do
    if user.profile.email == call.args.email then
      return { user = user }
    end
  end
  return nil, "users_not_found"
end

return methods
