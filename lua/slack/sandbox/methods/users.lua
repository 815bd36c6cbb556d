-- Methods about people.

local arguments = require "slack.sandbox.methods.arguments"

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
  return arguments.page(workspace.user_list, call, "members")
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
