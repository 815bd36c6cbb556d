-- What a manifest lacks of what an app needs, and what it has besides.

local json = require "slack.json"
local sorted_keys = require "slack.sorted_keys"

local M = {}

---@class slack.manifest.Difference
---@field what string "bot scope", "event", …
---@field name string
---@field reasons? slack.manifest.Reason[] why it is needed

local function at(manifest, ...)
  local value = manifest
  for _, key in ipairs { ... } do
    value = type(value) == "table" and value[key] or nil
  end
  return value ~= json.null and value or nil
end

local function set_of(list, key)
  local set = {}
  for _, item in ipairs(type(list) == "table" and list or {}) do
    local name = key and type(item) == "table" and item[key] or item
    set[name] = item
  end
  return set
end

local Comparison = {}
Comparison.__index = Comparison

function Comparison:missing(what, name, reasons)
  table.insert(self.lacks, { what = what, name = name, reasons = reasons })
end

function Comparison:perhaps(what, name, reasons)
  table.insert(self.lacks_perhaps, { what = what, name = name, reasons = reasons })
end

local function one_of(names, has)
  for _, name in ipairs(names or {}) do
    if has[name] then
      return true
    end
  end
  return false
end

-- Those for which there is nothing else that would do.
local function unserved(reasons, field, has)
  local left = {}
  for _, reason in ipairs(reasons) do
    if not one_of(reason[field], has) then
      left[#left + 1] = reason
    end
  end
  return left
end

function Comparison:compare(what, needed, has)
  for _, name in ipairs(sorted_keys(needed)) do
    local reasons = needed[name].reasons or needed[name]
    if not has[name] then
      local is_needed = #unserved(reasons, "any_event", has) > 0
      self[is_needed and "missing" or "perhaps"](self, what, name, reasons)
    end
  end
  for _, name in ipairs(sorted_keys(has)) do
    if not needed[name] then
      table.insert(self.has_besides, { what = what, name = tostring(name) })
    end
  end
end

---Scopes of which not even an alternative is granted.
---@param needs slack.manifest.Needs
---@param identity "bot"|"user"
---@param granted table<string, any>
---@return slack.manifest.Scope[] missing
---@return slack.manifest.Scope[] perhaps without these the bot gets messages of some kinds of
---  channels, and none of others
function M.missing_scopes(needs, identity, granted)
  local missing, perhaps = {}, {}
  for _, key in ipairs(sorted_keys(needs.scopes[identity])) do
    local scope = needs.scopes[identity][key]
    if not one_of(scope.any_of, granted) then
      local is_needed = #unserved(scope.reasons, "any_scope", granted) > 0
      table.insert(is_needed and missing or perhaps, scope)
    end
  end
  return missing, perhaps
end

-- A scope that is an alternative to one that is needed is no surplus.
local function useful_scopes(needs, identity)
  local useful = {}
  for _, scope in pairs(needs.scopes[identity]) do
    for _, name in ipairs(scope.any_of) do
      useful[name] = true
    end
  end
  return useful
end

function Comparison:scopes(identity, given)
  local granted = set_of(at(given, "oauth_config", "scopes", identity))
  for _, optional in pairs(set_of(at(given, "oauth_config", "scopes", identity .. "_optional"))) do
    granted[optional] = true
  end
  local missing, perhaps = M.missing_scopes(self.needs, identity, granted)
  for _, scope in ipairs(missing) do
    self:missing(identity .. " scope", table.concat(scope.any_of, " or "), scope.reasons)
  end
  for _, scope in ipairs(perhaps) do
    self:perhaps(identity .. " scope", table.concat(scope.any_of, " or "), scope.reasons)
  end
  local useful = useful_scopes(self.needs, identity)
  for _, name in ipairs(sorted_keys(granted)) do
    if not useful[name] then
      table.insert(self.has_besides, { what = identity .. " scope", name = name })
    end
  end
end

-- What is switched on: path, and what it is for.
local SWITCHES = {
  { "interactivity", { "settings", "interactivity", "is_enabled" } },
  { "home_tab", { "features", "app_home", "home_tab_enabled" } },
  { "messages_tab", { "features", "app_home", "messages_tab_enabled" } },
}

function Comparison:switches(given, built)
  for _, switch in ipairs(SWITCHES) do
    local reasons, path = self.needs.features[switch[1]], switch[2]
    if reasons and at(given, table.unpack(path)) ~= true then
      self:missing("switch", table.concat(path, "."), reasons)
    end
  end
  if self.needs.features.assistant and not at(given, "features", "assistant_view")
    and not at(given, "features", "agent_view") then
    self:missing("switch", "features.assistant_view", self.needs.features.assistant)
  end
  local wanted = built.settings.socket_mode_enabled
  if (at(given, "settings", "socket_mode_enabled") or false) ~= wanted then
    self:missing("switch", "settings.socket_mode_enabled: " .. tostring(wanted), {
      { what = wanted and "it connects over Socket Mode" or "it is reached over HTTP" },
    })
  end
end

function Comparison:urls(given, built)
  for _, path in ipairs {
    { "settings", "event_subscriptions", "request_url" },
    { "settings", "interactivity", "request_url" },
  } do
    if at(built, table.unpack(path)) and not at(given, table.unpack(path)) then
      self:missing("URL", table.concat(path, "."), { { what = "it is reached over HTTP" } })
    end
  end
  local reasons = { { what = 'option "oauth"' } }
  local needed, has = {}, set_of(at(given, "oauth_config", "redirect_urls"))
  for _, url in ipairs(at(built, "oauth_config", "redirect_urls") or {}) do
    needed[url] = reasons
  end
  self:compare("redirect URL", needed, has)
end

local function types_differ(self, given)
  local has = set_of(at(given, "features", "shortcuts"), "callback_id")
  for _, id in ipairs(sorted_keys(self.needs.shortcuts)) do
    local wanted = self.needs.shortcuts[id]
    if wanted.type and has[id] and has[id].type ~= wanted.type then
      self:missing("shortcut", ("%s of type %s"):format(id, wanted.type), wanted.reasons)
    end
  end
end

---@param given table a manifest
---@param needs slack.manifest.Needs
---@param built table what slack.manifest makes of them
---@return slack.manifest.Difference[] missing
---@return slack.manifest.Difference[] more
---@return slack.manifest.Difference[] perhaps without these messages of some kinds of channels
---  do not come
function M.of(given, needs, built)
  local self = setmetatable({
    needs = needs, lacks = {}, lacks_perhaps = {}, has_besides = {},
  }, Comparison)
  self:scopes("bot", given)
  self:scopes("user", given)
  local key = needs.identity == "user" and "user_events" or "bot_events"
  self:compare("event", needs.events, set_of(at(given, "settings", "event_subscriptions", key)))
  self:compare("command", needs.commands, set_of(at(given, "features", "slash_commands"),
    "command"))
  self:compare("shortcut", needs.shortcuts, set_of(at(given, "features", "shortcuts"),
    "callback_id"))
  types_differ(self, given)
  local functions = at(given, "functions")
  self:compare("function", needs.functions, type(functions) == "table" and functions or {})
  self:switches(given, built)
  self:urls(given, built)
  return self.lacks, self.has_besides, self.lacks_perhaps
end

return M
