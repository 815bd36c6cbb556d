-- Methods about modals and home tabs.

local arguments = require "slack.sandbox.methods.arguments"
local block_checks = require "slack.sandbox.block_checks"
local json = require "slack.json"
local merged = require "slack.merged"

---@type table<string, slack.sandbox.Method>
local methods = {}

local function missing_field(text)
  return nil, "invalid_arguments", {
    response_metadata = { messages = { "[ERROR] missing required field: " .. text } },
  }
end

-- The view of a call, of one kind if only that one can be there.
local function check_view(call, kind)
  local view = arguments.structure(call.args.view)
  if not arguments.is_object(view) then
    return missing_field "view"
  elseif view.type ~= "modal" and view.type ~= "home" or kind and view.type ~= kind then
    return nil, "invalid_arguments", { response_metadata = { messages = {
      ("[ERROR] must be %s [json-pointer:/view/type]"):format(kind or "modal or home"),
    } } }
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

-- Whether another view of the workspace has this external_id already.
local function is_duplicate(workspace, definition, own_id)
  local external_id = definition.external_id
  if not external_id or external_id == "" then
    return false
  end
  for id, view in pairs(workspace.views) do
    if id ~= own_id and view.external_id == external_id then
      return true
    end
  end
  return false
end

-- A view as an answer gives it: what it does not have is there, too.
local function shown(view)
  return {
    view = merged({ close = json.null, submit = json.null, previous_view_id = json.null,
      title = view.type == "home" and { type = "plain_text", text = "View Title", emoji = true }
        or nil }, view),
  }
end

local function trigger_of(call)
  return tostring(call.args.trigger_id or call.args.interactivity_pointer or "")
end

local function show_view(workspace, call, below)
  local definition, err, more = check_view(call, "modal")
  if not definition then
    return nil, err, more
  elseif is_duplicate(workspace, definition) then
    return nil, "duplicate_external_id"
  end
  local trigger = trigger_of(call)
  local ok, trigger_error = call.use_trigger(trigger, workspace)
  if not ok then
    return nil, trigger_error
  end
  return shown(workspace:put_view(definition, below and {
    previous_view_id = below.id,
    root_view_id = below.root_view_id,
  }, call.trigger_user(trigger)))
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
  elseif definition.type ~= view.type then
    return nil, "invalid_arguments", { response_metadata = { messages = {
      ("[ERROR] view type must be %s [json-pointer:/view/type]"):format(view.type),
    } } }
  elseif is_duplicate(workspace, definition, view.id) then
    return nil, "duplicate_external_id"
  end
  return shown(workspace:put_view(definition, {
    id = view.id,
    previous_view_id = view.previous_view_id,
    root_view_id = view.root_view_id,
    state = view.state,
  }))
end

methods["views.publish"] = function(workspace, call)
  local definition, err, more = check_view(call, "home")
  if not definition then
    return nil, err, more
  elseif not workspace.has_home then
    return nil, "not_enabled"
  end
  local user = workspace.users[tostring(call.args.user_id or "")]
  if not user then
    return nil, "user_not_found"
  elseif call.args.hash and user.home and call.args.hash ~= user.home.hash then
    return nil, "hash_conflict"
  elseif is_duplicate(workspace, definition, user.home and user.home.id) then
    return nil, "duplicate_external_id"
  end
  user.home = workspace:put_view(definition, { id = user.home and user.home.id, user_id = user.id })
  return shown(user.home)
end

return methods
