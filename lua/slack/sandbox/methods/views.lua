-- Methods about modals and home tabs.

local arguments = require "slack.sandbox.methods.arguments"
local block_checks = require "slack.sandbox.block_checks"

---@type table<string, slack.sandbox.Method>
local methods = {}

local function missing_field(text)
  return nil, "invalid_arguments", {
    response_metadata = { messages = { "[ERROR] missing required field: " .. text } },
  }
end

local function check_view(call)
  local view = arguments.structure(call.args.view)
  if type(view) ~= "table" or (view.type ~= "modal" and view.type ~= "home") then
    return missing_field "view"
  end
  local metadata, code = block_checks.refusal { view = view }
  if metadata then
    return nil, code == "too_large" and "view_too_large" or "invalid_arguments",
      { response_metadata = metadata }
  end
  return view
end

local function find_view(workspace, call)
  if call.args.view_id then
    return workspace.views[call.args.view_id]
  end
  for _, view in pairs(workspace.views) do
    if call.args.external_id and view.external_id == call.args.external_id then
      return view
    end
  end
end

local function trigger_of(call)
  return tostring(call.args.trigger_id or call.args.interactivity_pointer or "")
end

local function show_view(workspace, call, below)
  local definition, err, more = check_view(call)
  if not definition then
    return nil, err, more
  end
  local trigger = trigger_of(call)
  local ok, trigger_error = call.use_trigger(trigger, workspace)
  if not ok then
    return nil, trigger_error
  end
  return {
    view = workspace:put_view(definition, below and {
      previous_view_id = below.id,
      root_view_id = below.root_view_id,
    }, call.trigger_user(trigger)),
  }
end

methods["views.open"] = function(workspace, call)
  return show_view(workspace, call)
end

methods["views.push"] = function(workspace, call)
  local below = workspace:top_view(call.trigger_user(trigger_of(call)))
  if not below then
    return nil, "not_found"
  elseif below.previous_view_id and workspace.views[below.previous_view_id].previous_view_id then
    return nil, "push_limit_reached"
  end
  return show_view(workspace, call, below)
end

methods["views.update"] = function(workspace, call)
  local definition, err, more = check_view(call)
  if not definition then
    return nil, err, more
  end
  local view = find_view(workspace, call)
  if not view then
    return nil, "not_found"
  elseif call.args.hash and call.args.hash ~= view.hash then
    return nil, "hash_conflict"
  end
  return {
    view = workspace:put_view(definition, {
      id = view.id,
      previous_view_id = view.previous_view_id,
      root_view_id = view.root_view_id,
      state = view.state,
    }),
  }
end

methods["views.publish"] = function(workspace, call)
  local definition, err, more = check_view(call)
  if not definition then
    return nil, err, more
  end
  local user = workspace.users[tostring(call.args.user_id or "")]
  if not user then
    return nil, "user_not_found"
  elseif call.args.hash and user.home and call.args.hash ~= user.home.hash then
    return nil, "hash_conflict"
  end
  user.home = workspace:put_view(definition, { id = user.home and user.home.id, user_id = user.id })
  return { view = user.home }
end

return methods
