-- What a body is, and where the ids stand in it. Bodies come in many shapes:
-- an id may be a string or an object with an id, on the outside or in the event.

local json = require "slack.json"

local null = json.null

local M = {}

-- First value that is neither missing nor null.
local function present(value)
  if value ~= nil and value ~= null then
    return value
  end
  return nil
end

local function as_table(value)
  return type(value) == "table" and value or nil
end

---A non-empty string, or the id of an object.
---@return string?
local function id_of(value)
  if type(value) == "table" then
    value = value.id
  end
  if type(value) == "string" and value ~= "" then
    return value
  end
  return nil
end

---A non-empty string; else nil, and not nothing, which is another thing as an argument.
---@return string?
local function text_of(value)
  if type(value) == "string" and value ~= "" then
    return value
  end
  return nil
end

local function field(object, name)
  object = as_table(object)
  return object and object[name]
end

local ACTION_TYPES = {
  block_actions = true, interactive_message = true,
  dialog_submission = true, dialog_cancellation = true,
}
local OPTION_TYPES = { block_suggestion = true, dialog_suggestion = true }
local SHORTCUT_TYPES = { shortcut = true, message_action = true }
local VIEW_TYPES = { view_submission = true, view_closed = true }

---@alias slack.Kind "event"|"command"|"action"|"options"|"shortcut"|"view"|"schedule"

---What Slack itself says that a body is, by the way it sends it.
---@alias slack.DeliveryKind "event"|"command"|"interaction"

---Which kind of listener a body is for; nil for what none takes.
---@param body table
---@param came_as? slack.DeliveryKind nil: that is not known
---@return slack.Kind? kind
---@return table? payload the part of the body that the kind is named for
function M.kind(body, came_as)
  local event = body.event
  if came_as ~= "interaction" then
    if type(event) == "table" then
      return "event", event
    elseif came_as == "event" then
      return nil
    elseif type(body.command) == "string" then
      return "command", body
    end
  end
  local kind = body.type
  if OPTION_TYPES[kind] or present(body.name) ~= nil then
    return "options", body
  elseif type(body.actions) == "table" then
    return "action", as_table(body.actions[1]) or body
  elseif ACTION_TYPES[kind] then
    return "action", body
  elseif SHORTCUT_TYPES[kind] then
    return "shortcut", body
  elseif VIEW_TYPES[kind] then
    return "view", as_table(body.view) or body
  end
end

local function first_authorization(body)
  local list = as_table(body.authorizations)
  return list and as_table(list[1])
end
M.authorization = first_authorization

---Of a view that is used from another workspace: where its app is installed.
---@return string?
function M.app_installed_team_id(body)
  return text_of(field(body.view, "app_installed_team_id"))
end

---@return string?
function M.team_id(body)
  local event, authorization = as_table(body.event), first_authorization(body)
  return text_of(field(body.view, "app_installed_team_id")) or id_of(body.team)
    or text_of(field(authorization, "team_id")) or text_of(body.team_id)
    or text_of(field(event, "team_id")) or id_of(field(event, "team"))
    or text_of(field(body.user, "team_id")) or text_of(field(body.view, "team_id"))
end

-- Team and enterprise of the body are the person's, and not where the app is installed.
local function is_from_elsewhere(body)
  local installed = M.app_installed_team_id(body)
  local team = installed and id_of(body.team)
  return team ~= nil and team ~= installed
end

---@return string?
function M.enterprise_id(body)
  local authorization = first_authorization(body)
  if body.view and is_from_elsewhere(body) then
    return nil
  end
  -- Of an event the authorization decides, also when it says that there is none.
  return id_of(body.enterprise)
    or (authorization and text_of(authorization.enterprise_id))
    or (not authorization and text_of(body.enterprise_id) or nil)
    or text_of(field(body.team, "enterprise_id"))
end

---Whether an id is an organization's, which org-level events have in place of a
---workspace's.
---@param id? string
---@return boolean
local function is_organization(id)
  return type(id) == "string" and id:byte() == 69 -- "E"
end

-- Which of the body's two places a team or an organization is.
local function place_of(body, id)
  local team_id, enterprise_id = M.team_id(body), M.enterprise_id(body)
  local context_team, context_enterprise = text_of(body.context_team_id),
    text_of(body.context_enterprise_id)
  if is_organization(id) then
    return id, id == enterprise_id and not is_organization(team_id) and team_id
      or id == context_enterprise and context_team or nil
  end
  return id == team_id and enterprise_id or id == context_team and context_enterprise or nil, id
end

---The organization and workspace of who did it: in a channel shared with others not
---always those of the installation; nil where that cannot be told.
---@return string? enterprise_id
---@return string? team_id
function M.actor_place(body)
  local event = as_table(body.event)
  if event then
    if body.is_ext_shared_channel ~= true then
      return M.enterprise_id(body), M.team_id(body)
    end
    local id = text_of(event.user_team) or id_of(event.team)
    if not id then
      return nil
    end
    return place_of(body, id)
  end
  local id = text_of(field(body.user, "team_id"))
  if not id then
    return M.enterprise_id(body), M.team_id(body)
  elseif id == id_of(body.team) then
    return id_of(body.enterprise) or text_of(field(body.team, "enterprise_id")), id
  end
  return place_of(body, id)
end

-- The person in one object: a body, or an event.
local function user_in(object)
  return id_of(object.user) or text_of(object.user_id)
end

-- Events that say by names of their own who did it.
local ACTORS = { "actor", "accepting_user", "approving_user", "declining_user" }

local function acting_user(event)
  local id = text_of(event.actor_id) or id_of(field(event.app_request, "user"))
  for i = 1, #ACTORS do
    id = id or id_of(event[ACTORS[i]])
  end
  return id or id_of(field(event.invite, "inviting_user"))
end

---@return string?
function M.user_id(body)
  local event = as_table(body.event)
  if not event then
    return user_in(body) or id_of(field(body.message, "user"))
  end
  return user_in(body) or user_in(event) or text_of(field(event.assistant_thread, "user_id"))
    or id_of(field(event.message, "user")) or id_of(field(event.previous_message, "user"))
    or id_of(field(event.item, "user")) or acting_user(event)
end

local function channel_in(object)
  return id_of(object.channel) or text_of(object.channel_id)
    or id_of(field(object.item, "channel"))
    or text_of(field(object.assistant_thread, "channel_id"))
    or text_of(field(object.container, "channel_id")) or text_of(object.new_channel_id)
end

---@return string?
function M.channel_id(body)
  local event = as_table(body.event)
  return channel_in(body) or (event and channel_in(event))
end

local function thread_in(object)
  return text_of(object.thread_ts) or text_of(field(object.assistant_thread, "thread_ts"))
    or text_of(field(object.message, "thread_ts"))
    or text_of(field(object.previous_message, "thread_ts"))
    or text_of(field(object.container, "thread_ts"))
end

---The thread that the trigger stands in; nil outside of threads.
---@return string?
function M.thread_ts(body)
  local event = as_table(body.event)
  if event then
    return thread_in(event)
  end
  return thread_in(body) or text_of(field(body.original_message, "thread_ts"))
end

-- Not the time of a change: of a message that it is about, or its own.
local function event_message_ts(event)
  return text_of(field(event.message, "ts")) or text_of(event.message_ts)
    or text_of(event.deleted_ts) or not event.latest and text_of(event.ts)
    or text_of(field(event.item, "ts")) or text_of(field(field(event.item, "message"), "ts"))
end

---The message that a reply, a reaction or an update is about.
---@return string?
function M.message_ts(body)
  local event = as_table(body.event)
  if event then
    return event_message_ts(event)
  end
  return text_of(field(body.message, "ts")) or text_of(field(body.container, "message_ts"))
    or text_of(body.message_ts)
end

---@return boolean
function M.is_enterprise_install(body)
  local authorization = first_authorization(body)
  local flag = authorization and authorization.is_enterprise_install
  if present(flag) == nil then
    flag = body.is_enterprise_install
  end
  return flag == true or flag == "true"
end

---Where c:respond posts to: the body's own URL, or the first of a view's.
---@return string?
function M.response_url(body)
  local own = text_of(body.response_url)
  if own then
    return own
  end
  local list = as_table(body.response_urls)
  return list and text_of(field(list[1], "response_url"))
end

local function pointer_in(object)
  return text_of(field(field(object, "interactivity"), "interactivity_pointer"))
end

---@return string?
---@return "trigger_id"|"interactivity_pointer"|nil name of the argument that it is for
function M.trigger_id(body)
  local id = text_of(body.trigger_id) or text_of(field(body.event, "trigger_id"))
  if id then
    return id, "trigger_id"
  end
  id = pointer_in(body) or pointer_in(body.event)
  return id, id and "interactivity_pointer"
end

---The token that came with a custom function, for everything this listener does.
---@return string?
function M.function_token(body)
  return text_of(body.bot_access_token) or text_of(field(body.event, "bot_access_token"))
end

---The callback_id of whatever has one.
---@return string?
function M.callback_id(body)
  local event = as_table(body.event)
  return text_of(body.callback_id) or text_of(field(body.view, "callback_id"))
    or (event and (text_of(event.callback_id) or text_of(field(event["function"], "callback_id"))))
end

M.present, M.as_table, M.text_of, M.is_organization = present, as_table, text_of, is_organization

return M
