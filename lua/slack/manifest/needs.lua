-- What an app needs at Slack, collected from whatever needs it, with the places where each
-- need comes from.

local methods = require "slack.web_api.methods"
local sorted_keys = require "slack.sorted_keys"

---@class slack.manifest.Reason
---@field what string in words: "app:command \"/deploy\"", "c:say"
---@field place? string "bot.lua:7"
---@field any_event? string[] of a listener that takes messages of several kinds of channels: it
---  works with any of these subscriptions
---@field any_scope? string[] and with any of these scopes

---@class slack.manifest.Scope
---@field any_of string[] one is enough; the first is the one to ask for
---@field reasons slack.manifest.Reason[]

---@class slack.manifest.Needs
---@field identity "bot"|"user" whose events and scopes listeners need
---@field scopes table<"bot"|"user", table<string, slack.manifest.Scope>>
---@field events table<string, slack.manifest.Reason[]> by the name to subscribe to
---@field commands table<string, table> by name: usage_hint, reasons
---@field shortcuts table<string, table> by callback_id: type (nil: either), reasons
---@field functions table<string, table> by callback_id: reasons
---@field features table<string, slack.manifest.Reason[]> by name: interactivity, option_loads,
---  home_tab, messages_tab, assistant
---@field domains table<string, true> whose links are unfurled
---@field notes slack.manifest.Reason[] what could not be told
local Needs = {}
Needs.__index = Needs
Needs.__name = "slack.manifest.needs"

-- Of several scopes that would do, those to ask for where nothing else decides.
local PREFERRED = {
  ["conversations.open"] = "im:write",
  ["conversations.setTopic"] = "channels:write.topic",
  ["conversations.setPurpose"] = "channels:write.topic",
  ["conversations.invite"] = "channels:write.invites",
  ["assistant.search.context"] = "search:read.public",
}

-- Scopes that Slack grants only together with others.
local IMPLIED = { ["users:read.email"] = { "users:read" } }

-- Scopes by the kinds of channels that an argument names.
local BY_TYPE = {
  public_channel = "channels", private_channel = "groups", im = "im", mpim = "mpim",
}

---@param identity? "bot"|"user"
---@return slack.manifest.Needs
function Needs.new(identity)
  return setmetatable({
    identity = identity or "bot", scopes = { bot = {}, user = {} }, events = {}, commands = {},
    shortcuts = {}, functions = {}, features = {}, domains = {}, notes = {},
  }, Needs)
end

-- A helper that calls two methods, or a call that is looked at twice, is one reason.
local function add_reason(reasons, reason)
  for _, known in ipairs(reasons) do
    if known.what == reason.what and known.place == reason.place then
      return
    end
  end
  reasons[#reasons + 1] = reason
end

local function entry(map, name)
  local found = map[name]
  if not found then
    found = { reasons = {} }
    map[name] = found
  end
  return found
end

---A scope, or several of which one is enough.
---@param identity "bot"|"user"
---@param any_of string[]
---@param reason slack.manifest.Reason
function Needs:add_scope(identity, any_of, reason)
  if #any_of == 0 then
    return
  end
  local scope = entry(self.scopes[identity], table.concat(any_of, " "))
  scope.any_of = any_of
  add_reason(scope.reasons, reason)
  for _, other in ipairs(IMPLIED[any_of[1]] or {}) do
    self:add_scope(identity, { other }, { what = any_of[1], place = reason.place })
  end
end

---@param name string of the subscription
---@param reason slack.manifest.Reason
function Needs:add_event(name, reason)
  self.events[name] = self.events[name] or {}
  add_reason(self.events[name], reason)
end

---@param name "commands"|"shortcuts"|"functions"
---@param key string
---@param reason slack.manifest.Reason
---@return table entry to add to
function Needs:add(name, key, reason)
  local found = entry(self[name], key)
  add_reason(found.reasons, reason)
  return found
end

---@param name string
---@param reason slack.manifest.Reason
function Needs:add_feature(name, reason)
  self.features[name] = self.features[name] or {}
  add_reason(self.features[name], reason)
end

---@param what string
---@param place? string
function Needs:note(what, place)
  table.insert(self.notes, { what = what, place = place })
end

-- Methods ---------------------------------------------------------------------------------

local function preferred_first(list, wanted)
  local sorted = { wanted }
  for _, scope in ipairs(list) do
    if scope ~= wanted then
      sorted[#sorted + 1] = scope
    end
  end
  return sorted
end

local function has(list, wanted)
  for _, scope in ipairs(list) do
    if scope == wanted then
      return true
    end
  end
  return false
end

-- Each kind of channel that the call names needs its own.
local function by_types(list, given)
  local types = given.types or given.is_private and "private_channel"
  local found = {}
  for name in (type(types) == "string" and types or ""):gmatch "[%w_]+" do
    for _, scope in ipairs(list) do
      local family = scope:match "^[^:]+"
      if family == BY_TYPE[name] then
        found[#found + 1] = scope
        break
      end
    end
  end
  return found
end

---The scopes of a Web API method that is called.
---@param name string
---@param reason slack.manifest.Reason
---@param given? table<string, string|true> its arguments, as far as they are known
---@param is_user? boolean with the token of a person
function Needs:add_method(name, reason, given, is_user)
  local method = methods.find(name)
  if not method then
    return self:note(("the Web API method %s is not known%s"):format(name, methods.near(name)),
      reason.place)
  end
  local identity = (is_user or self.identity == "user" or not method.scopes.bot)
    and method.scopes.user and "user" or "bot"
  local list = method.scopes[identity] or {}
  local typed = by_types(list, given or {})
  for _, scope in ipairs(typed) do
    self:add_scope(identity, { scope }, reason)
  end
  if not typed[1] then
    local wanted = PREFERRED[name]
    self:add_scope(identity, wanted and has(list, wanted) and preferred_first(list, wanted)
      or list, reason)
  end
end

-- Outcome -------------------------------------------------------------------------------

---The scopes to ask for: of those of which one is enough one that is needed anyway, else
---the first.
---@param identity "bot"|"user"
---@return table<string, slack.manifest.Reason[]> reasons by scope
function Needs:chosen_scopes(identity)
  local chosen, open = {}, {}
  for _, key in ipairs(sorted_keys(self.scopes[identity])) do
    local scope = self.scopes[identity][key]
    if #scope.any_of == 1 then
      chosen[key] = table.move(scope.reasons, 1, #scope.reasons, 1, {})
    else
      open[#open + 1] = scope
    end
  end
  for _, scope in ipairs(open) do
    local found
    for _, name in ipairs(scope.any_of) do
      found = found or chosen[name] and name
    end
    found = found or scope.any_of[1]
    chosen[found] = chosen[found] or {}
    for _, reason in ipairs(scope.reasons) do
      add_reason(chosen[found], reason)
    end
  end
  return chosen
end

return Needs
