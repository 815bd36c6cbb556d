-- What listeners need: subscriptions to events with their scopes, commands, shortcuts,
-- functions, and what else must be switched on.

local events = require "slack.manifest.events"

local M = {}

-- Who listens for one of these listens for what people do with blocks.
local INTERACTIVE = { action = true, view = true, view_closed = true, shortcut = true }

local HOME, TIMELY = "app_home_opened", { "app_uninstalled", "tokens_revoked" }

---@param listed slack.Listed
---@return slack.manifest.Reason
function M.reason_of(listed)
  local method = listed.kind == "schedule" and listed.name or listed.kind
  local name = listed.name ~= "" and listed.kind ~= "assistant" and " " .. listed.name or ""
  return {
    what = "app:" .. method .. name,
    place = listed.file and ("%s:%d"):format((listed.file:gsub("^%./", "")), listed.line),
  }
end

-- The texts that a constraint may have; nil when it is none, or something else.
local function texts_of(value)
  if type(value) == "string" then
    return { value }
  elseif type(value) ~= "table" or value.pattern then
    return nil
  end
  local texts = {}
  for _, one in ipairs(value) do
    if type(one) ~= "string" then
      return nil
    end
    texts[#texts + 1] = one
  end
  return texts
end

-- Messages ----------------------------------------------------------------------------------

-- The types of channels whose ids begin so.
local BY_LETTER = { C = { "channel", "group" }, G = { "group", "mpim" }, D = { "im" } }

local function types_of_ids(ids)
  local types = {}
  for _, id in ipairs(ids) do
    for _, kind in ipairs(BY_LETTER[id:sub(1, 1)] or events.CHANNEL_TYPES) do
      types[kind] = true
    end
  end
  return types
end

local function takes(constraints, kind)
  local types, ids = texts_of(constraints.channel_type), texts_of(constraints.channel)
  if constraints.dm ~= nil and constraints.dm ~= (kind == "im") then
    return false
  elseif ids and not types_of_ids(ids)[kind] then
    return false
  elseif types then
    for _, name in ipairs(types) do
      if name == kind then
        return true
      end
    end
    return false
  end
  return true
end

local function of_kinds(reason, kinds)
  local made = { what = reason.what, place = reason.place, any_event = {}, any_scope = {} }
  for i, kind in ipairs(kinds) do
    made.any_event[i] = events.MESSAGES[kind].event
    made.any_scope[i] = events.MESSAGES[kind].scope
  end
  return made
end

---Subscribes to the messages that constraints let through.
---@param needs slack.manifest.Needs
---@param constraints table<string, any>
---@param reason slack.manifest.Reason
function M.add_messages(needs, constraints, reason)
  local kinds = {}
  for _, kind in ipairs(events.CHANNEL_TYPES) do
    kinds[#kinds + 1] = takes(constraints, kind) and kind or nil
  end
  reason = of_kinds(reason, kinds)
  for _, kind in ipairs(kinds) do
    local message = events.MESSAGES[kind]
    needs:add_event(message.event, reason)
    needs:add_scope(needs.identity, { message.scope }, reason)
    if kind == "im" then
      needs:add_feature("messages_tab", reason)
    end
  end
end

-- Events ---------------------------------------------------------------------------------------

---Subscribes to an event.
---@param needs slack.manifest.Needs
---@param name string its type
---@param constraints table<string, any>
---@param reason slack.manifest.Reason
function M.add_event(needs, name, constraints, reason)
  if name == "message" then
    return M.add_messages(needs, constraints, reason)
  end
  local event = events.find(name)
  if not event then
    needs:note(("there is no event %s%s"):format(name, events.near(name)), reason.place)
  elseif event.is_rtm then
    return needs:note(("the event %s comes over RTM only: it cannot be subscribed to")
      :format(name), reason.place)
  elseif event.is_retired then
    return needs:note(("Slack does not send the event %s any more"):format(name), reason.place)
  end
  needs:add_event(name, reason)
  needs:add_scope(needs.identity, event and event.scopes or {}, reason)
  if name == HOME then
    needs:add_feature("home_tab", reason)
  end
end

local function add_domains(needs, constraints)
  for _, domain in ipairs(texts_of(constraints.domain) or {}) do
    needs.domains[domain] = true
  end
end

local function add_events(needs, listed, reason)
  local types = texts_of(listed.constraints.type)
  if not types then
    return needs:note(reason.what .. ": which events it takes is known only when they come",
      reason.place)
  end
  for _, name in ipairs(types) do
    M.add_event(needs, name, listed.constraints, reason)
    if name == "link_shared" then
      add_domains(needs, listed.constraints)
    end
  end
end

-- Others -----------------------------------------------------------------------------------------

local function each_name(needs, listed, field, reason, fn)
  local names = texts_of(listed.constraints[field])
  if not names then
    return needs:note(("%s: the %s that it takes cannot be told from a pattern or a function")
      :format(reason.what, field), reason.place)
  end
  for _, name in ipairs(names) do
    fn(name)
  end
end

local function usage_hint(listed)
  local hints = {}
  for i, route in ipairs(listed.routes or {}) do
    hints[i] = route.text
  end
  return hints[1] and table.concat(hints, " | ") or nil
end

-- Words of routes that stand for a mention reach them only if Slack escapes what was typed.
local MENTIONS = { ":user[>%]%.]", ":channel[>%]%.]", ":usergroup[>%]%.]" }

local function takes_mentions(hint)
  for _, pattern in ipairs(MENTIONS) do
    if hint and hint:find(pattern) then
      return true
    end
  end
  return false
end

local SHORTCUT_TYPES = { shortcut = "global", message_action = "message" }

local ADD = {}

function ADD.event(needs, listed, reason)
  add_events(needs, listed, reason)
end

function ADD.message(needs, listed, reason)
  M.add_messages(needs, listed.constraints, reason)
end

function ADD.command(needs, listed, reason)
  local hint = usage_hint(listed)
  each_name(needs, listed, "command", reason, function(name)
    local command = needs:add("commands", name, reason)
    command.usage_hint, command.has_mentions = hint, takes_mentions(hint)
    needs:add_scope("bot", { "commands" }, reason)
  end)
end

function ADD.shortcut(needs, listed, reason)
  local types = texts_of(listed.constraints.type) or {}
  each_name(needs, listed, "callback_id", reason, function(name)
    local shortcut = needs:add("shortcuts", name, reason)
    shortcut.type = SHORTCUT_TYPES[types[1]] or shortcut.type
    needs:add_scope("bot", { "commands" }, reason)
  end)
end

function ADD.func(needs, listed, reason)
  needs:add_event("function_executed", reason)
  each_name(needs, listed, "callback_id", reason, function(name)
    needs:add("functions", name, reason)
  end)
end

function ADD.options(needs, _, reason)
  needs:add_feature("interactivity", reason)
  needs:add_feature("option_loads", reason)
end

function ADD.assistant(needs, listed, reason)
  needs:add_feature("assistant", reason)
  needs:add_scope("bot", { "assistant:write" }, reason)
  for _, name in ipairs(texts_of(listed.constraints.type) or {}) do
    M.add_event(needs, name, { dm = true }, reason)
  end
end

function ADD.any(needs, _, reason)
  needs:note(reason.what .. ": what it takes besides is known only when it comes", reason.place)
end

---@param needs slack.manifest.Needs is added to
---@param list slack.Listed[]
function M.add(needs, list)
  for _, listed in ipairs(list) do
    local reason = M.reason_of(listed)
    if ADD[listed.kind] then
      ADD[listed.kind](needs, listed, reason)
    end
    if INTERACTIVE[listed.kind] then
      needs:add_feature("interactivity", reason)
    end
  end
end

---What the options of an app need: the scopes that it asks for, and to hear of the end of
---its installations.
---@param needs slack.manifest.Needs is added to
---@param settings slack.AppOptions
function M.add_options(needs, settings)
  local oauth = settings.oauth
  if not oauth then
    return
  end
  for identity, name in pairs { bot = "scopes", user = "user_scopes" } do
    for _, scope in ipairs(oauth[name] or {}) do
      needs:add_scope(identity, { scope }, { what = ("option \"oauth.%s\""):format(name) })
    end
  end
  for _, name in ipairs(TIMELY) do
    needs:add_event(name, { what = 'option "oauth"' })
  end
end

return M
