-- Methods about groups of people that can be mentioned together.

local arguments = require "slack.sandbox.methods.arguments"
local json = require "slack.json"
local merged = require "slack.merged"
local new_id = require "slack.sandbox.new_id"

local MAX_NAME <const>, MAX_DESCRIPTION <const> = 255, 140

---@type table<string, slack.sandbox.Method>
local methods = {}

-- Ids of a list, or of text between commas.
local function ids_of(value)
  local list = type(value) == "table" and value or nil
  if not list then
    list = {}
    for id in tostring(value or ""):gmatch "[^,%s%[%]\"]+" do
      table.insert(list, id)
    end
  end
  return list
end

-- A group as an answer gives it.
local function shown(call, group)
  local fields = merged(group)
  fields.user_count = #group.users
  if not arguments.is_set(call.args.include_users) then
    fields.users = nil
  end
  if not arguments.is_set(call.args.include_count) then
    fields.user_count = nil
  end
  return fields
end

local function tell(workspace, kind, group)
  workspace.on_event {
    type = kind, subteam = merged(group, { user_count = #group.users }),
    event_ts = workspace:new_ts(),
  }
end

local function find(workspace, has)
  for _, group in ipairs(workspace.usergroups) do
    if has(group) then
      return group
    end
  end
end

local function handle_of(args)
  local handle = args.handle or args.name
  return (tostring(handle):lower():gsub("^@", ""):gsub("[^%w_-]+", "-"))
end

-- What is wrong with a name, a handle or a description.
local function problem_of(workspace, args, group)
  local name, handle = args.name, (args.handle or args.name) and handle_of(args)
  local function other(field, value)
    return find(workspace, function(one) return one ~= group and one[field] == value end)
  end
  if name and (name == "" or #name > MAX_NAME) then
    return name == "" and "missing_subteam_name" or "name_too_long"
  elseif name and other("name", name) then
    return "name_already_exists"
  elseif handle and (handle == "" or handle:find "^%-+$") then
    return "bad_handle"
  elseif (args.handle or not group) and handle and other("handle", handle) then
    return "handle_already_exists"
  elseif #tostring(args.description or "") > MAX_DESCRIPTION then
    return "description_too_long"
  end
end

methods["usergroups.create"] = function(workspace, call)
  local args, now = call.args, math.floor(workspace.clock())
  local problem = problem_of(workspace, args)
  if problem then
    return nil, problem
  end
  local group = {
    id = new_id "S", team_id = workspace.id, is_usergroup = true, is_subteam = true,
    name = args.name, description = args.description or "", handle = handle_of(args),
    is_external = false, date_create = now, date_update = now, date_delete = 0,
    auto_type = json.null, auto_provision = false, enterprise_subteam_id = "",
    created_by = call.user_id, updated_by = call.user_id, deleted_by = json.null,
    prefs = { channels = json.list(ids_of(args.channels)), groups = json.list {} },
    users = json.list {}, channel_count = 0,
  }
  table.insert(workspace.usergroups, group)
  tell(workspace, "subteam_created", group)
  return { usergroup = shown(call, group) }
end

-- A method about the group of its argument.
local function on_group(fn)
  return function(workspace, call)
    local id = call.args.usergroup
    local group = find(workspace, function(one) return one.id == id end)
    if not group then
      return nil, "no_such_subteam"
    end
    return fn(workspace, call, group)
  end
end

methods["usergroups.update"] = on_group(function(workspace, call, group)
  local args = call.args
  local problem = problem_of(workspace, args, group)
  if problem then
    return nil, problem
  end
  group.name = args.name or group.name
  group.handle = args.handle and handle_of(args) or group.handle
  group.description = args.description or group.description
  if args.channels then
    group.prefs.channels = json.list(ids_of(args.channels))
  end
  group.date_update, group.updated_by = math.floor(workspace.clock()), call.user_id
  tell(workspace, "subteam_updated", group)
  return { usergroup = shown(call, group) }
end)

local function switching(is_enabled)
  return on_group(function(workspace, call, group)
    group.date_delete = is_enabled and 0 or math.floor(workspace.clock())
    group.deleted_by = not is_enabled and call.user_id or json.null
    tell(workspace, "subteam_updated", group)
    return { usergroup = shown(call, group) }
  end)
end

methods["usergroups.enable"] = switching(true)
methods["usergroups.disable"] = switching(false)

methods["usergroups.list"] = function(workspace, call)
  local groups = json.list {}
  for _, group in ipairs(workspace.usergroups) do
    if group.date_delete == 0 or arguments.is_set(call.args.include_disabled) then
      groups[#groups + 1] = shown(call, group)
    end
  end
  return { usergroups = groups }
end

methods["usergroups.users.list"] = on_group(function(_, call, group)
  if group.date_delete ~= 0 and not arguments.is_set(call.args.include_disabled) then
    return nil, "no_such_subteam"
  end
  return { users = group.users }
end)

-- Those of a list that another one lacks.
local function without(list, others)
  local has, left = {}, json.list {}
  for _, id in ipairs(others) do
    has[id] = true
  end
  for _, id in ipairs(list) do
    if not has[id] then
      left[#left + 1] = id
    end
  end
  return left
end

methods["usergroups.users.update"] = on_group(function(workspace, call, group)
  local users = ids_of(call.args.users)
  if #users == 0 then
    return nil, "no_users_provided"
  end
  for _, id in ipairs(users) do
    if not workspace.users[id] then
      return nil, "invalid_users"
    end
  end
  local before, at = group.users, group.date_update
  local added, removed = without(users, before), without(before, users)
  group.users, group.date_update = json.list(users), math.floor(workspace.clock())
  group.updated_by = call.user_id
  workspace.on_event {
    type = "subteam_members_changed", subteam_id = group.id, team_id = workspace.id,
    date_previous_update = at, date_update = group.date_update, added_users = added,
    added_users_count = #added, removed_users = removed, removed_users_count = #removed,
    event_ts = workspace:new_ts(),
  }
  call.args.include_users = true
  return { usergroup = shown(call, group) }
end)

return methods
