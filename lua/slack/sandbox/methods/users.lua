-- Methods about people.

local arguments = require "slack.sandbox.methods.arguments"
local json = require "slack.json"
local merged = require "slack.merged"
local paging = require "slack.sandbox.methods.paging"

---@type table<string, slack.sandbox.Method>
local methods = {}

-- A user as this caller may see them: addresses need a scope of their own.
local function shown(workspace, call, user)
  local fields = workspace.describe_user(user)
  if arguments.is_set(call.args.include_locale) then
    fields.locale = "en-US"
  end
  if call.scopes and not call.scopes["users:read.email"] then
    fields.profile = merged(fields.profile)
    fields.profile.email = nil
  end
  return fields
end

-- A method about the person of its argument, by default the caller.
local function about_person(fn, needs_person)
  return function(workspace, call)
    local id = call.args.user or not needs_person and call.user_id
    local user = workspace.users[tostring(id)]
    if not user then
      return nil, "user_not_found"
    end
    return fn(workspace, call, user)
  end
end

methods["users.info"] = about_person(function(workspace, call, user)
  return { user = shown(workspace, call, user) }
end, true)

local MEMBERS = { name = "members", kind = "user", key = function(user) return user.id end }

methods["users.list"] = function(workspace, call)
  local found = {}
  for i, user in ipairs(workspace.user_list) do
    found[i] = shown(workspace, call, user)
  end
  local page, err = paging.by_cursor(found, call, MEMBERS)
  if page then
    page.cache_ts = math.floor(workspace.clock())
  end
  return page, err
end

methods["users.lookupByEmail"] = function(workspace, call)
  for _, user in ipairs(workspace.user_list) do
    if user.profile.email and user.profile.email:lower() == tostring(call.args.email):lower() then
      return { user = shown(workspace, call, user) }
    end
  end
  return nil, "users_not_found"
end

-- Presence ---------------------------------------------------------------------------

methods["users.getPresence"] = about_person(function(workspace, call, user)
  local presence = workspace.presence_of(user)
  local answer = { presence = presence }
  if user.id == call.user_id then
    answer.online, answer.auto_away = presence == "active", false
    answer.manual_away = user.presence == "away"
    answer.connection_count = presence == "active" and 1 or 0
  end
  return answer
end)

methods["users.setPresence"] = function(workspace, call)
  local presence = call.args.presence
  if presence ~= "auto" and presence ~= "away" then
    return nil, "invalid_presence"
  end
  workspace.users[call.user_id].presence = presence
  return {}
end

methods["users.setActive"] = function()
  return {}
end

-- Profiles ---------------------------------------------------------------------------

methods["users.profile.get"] = about_person(function(workspace, call, user)
  return { profile = shown(workspace, call, user).profile }
end)

local MAX_STATUS <const> = 100
local SET_BY_SLACK = {
  team = true, bot_id = true, api_app_id = true, avatar_hash = true, always_active = true,
  status_text_canonical = true, status_emoji_display_info = true,
}

-- What is wrong with fields of a profile, in Slack's word.
local function profile_problem(changes)
  for name, value in pairs(changes) do
    if SET_BY_SLACK[name] or name:find "^image_" then
      return "invalid_profile"
    elseif name ~= "fields" and type(value) ~= "string" and math.type(value) ~= "integer" then
      return "invalid_profile"
    end
  end
  local status = changes.status_text
  if status and (utf8.len(status) or #status) > MAX_STATUS then
    return "too_long"
  end
end

methods["users.profile.set"] = about_person(function(workspace, call, user)
  local args = call.args
  local changes = arguments.structure(args.profile)
  if args.name then
    changes = { [tostring(args.name)] = args.value or "" }
  end
  if type(changes) ~= "table" or next(changes) == nil then
    return nil, "invalid_profile"
  elseif user.id ~= call.user_id then
    return nil, "not_admin"
  end
  local problem = profile_problem(changes)
  if problem then
    return nil, problem
  end
  workspace:set_profile(user, changes)
  return { profile = shown(workspace, call, user).profile, username = user.name }
end)

methods["users.identity"] = function(workspace, call)
  local user = workspace.users[call.user_id]
  return {
    user = { id = user.id, name = user.real_name, email = user.profile.email },
    team = { id = workspace.id, name = workspace.team.name, domain = workspace.team.domain },
  }
end

-- Not to be disturbed ------------------------------------------------------------------

methods["dnd.info"] = about_person(function(workspace, _, user)
  return workspace:dnd_of(user)
end)

methods["dnd.teamInfo"] = function(workspace, call)
  local users = {}
  for id in tostring(call.args.users):gmatch "[^,%s]+" do
    local user = workspace.users[id]
    local status = user and workspace:dnd_of(user)
    users[id] = status and {
      dnd_enabled = status.dnd_enabled, next_dnd_start_ts = status.next_dnd_start_ts,
      next_dnd_end_ts = status.next_dnd_end_ts,
    }
  end
  return { users = next(users) and users or json.decode "{}" }
end

local MAX_SNOOZE <const> = 24 * 60 -- minutes

methods["dnd.setSnooze"] = function(workspace, call)
  local minutes = tonumber(call.args.num_minutes)
  if not minutes or minutes <= 0 then
    return nil, "missing_duration"
  elseif minutes > MAX_SNOOZE then
    return nil, "too_long"
  end
  local user = workspace.users[call.user_id]
  workspace:snooze(user, minutes * 60)
  local status = workspace:dnd_of(user)
  return {
    snooze_enabled = true, snooze_endtime = status.snooze_endtime,
    snooze_remaining = status.snooze_remaining, snooze_is_indefinite = false,
  }
end

methods["dnd.endSnooze"] = function(workspace, call)
  local user = workspace.users[call.user_id]
  if not workspace:dnd_of(user).snooze_enabled then
    return nil, "snooze_end_failed"
  end
  workspace:snooze(user, 0)
  return workspace:dnd_of(user)
end

methods["dnd.endDnd"] = function()
  return nil, "not_in_dnd"
end

return methods
