-- The manifest of an app: what its listeners and calls need, in the form in which Slack's
-- pages and apps.manifest.* take it.

local Needs = require "slack.manifest.needs"
local http_options = require "slack.http_options"
local json = require "slack.json"
local listeners = require "slack.manifest.listeners"
local sorted_keys = require "slack.sorted_keys"
local sources = require "slack.manifest.sources"

local M = {}

-- Stands in URLs for the host that nobody has named.
M.UNKNOWN_HOST = "https://your-host.example"

local MAX_NAME, MAX_SHORTCUT = 35, 24

-- Collecting ---------------------------------------------------------------------------

---What a program's apps need: their listeners, with their scripts loaded, and what the files
---of the program call.
---@param program slack.Program
---@return slack.manifest.Needs
function M.needs(program)
  local first = program.apps[1].settings
  local needs = Needs.new(first.oauth and first.oauth.user_only and "user" or "bot")
  local scanned = {}
  for _, app in ipairs(program.apps) do
    listeners.add_options(needs, app.settings)
    listeners.add(needs, app:listeners())
    local scripts = app.settings.scripts or ""
    if not scanned[scripts] then
      scanned[scripts] = true
      sources.add(needs, program.path, app.settings.scripts)
    end
  end
  return needs
end

-- Parts --------------------------------------------------------------------------------

local function words_of(id)
  local text = id:gsub("^/", ""):gsub("[_.:-]+", " ")
  return text:sub(1, 1):upper() .. text:sub(2)
end

local function list_or_nil(list)
  return #list > 0 and json.list(list) or nil
end

local function commands(needs, urls)
  local list = {}
  for _, name in ipairs(sorted_keys(needs.commands)) do
    list[#list + 1] = {
      command = name, description = words_of(name), usage_hint = needs.commands[name].usage_hint,
      should_escape = needs.commands[name].has_mentions, url = urls.commands,
    }
  end
  return list_or_nil(list)
end

local function shortcuts(needs)
  local list = {}
  for _, id in ipairs(sorted_keys(needs.shortcuts)) do
    list[#list + 1] = {
      name = words_of(id):sub(1, MAX_SHORTCUT), type = needs.shortcuts[id].type or "global",
      callback_id = id, description = words_of(id),
    }
  end
  return list_or_nil(list)
end

local function app_home(needs)
  local features = needs.features
  if not (features.home_tab or features.messages_tab or features.assistant) then
    return nil
  end
  return {
    home_tab_enabled = features.home_tab ~= nil,
    messages_tab_enabled = features.messages_tab ~= nil or features.assistant ~= nil,
    messages_tab_read_only_enabled = false,
  }
end

local function features(needs, name, urls)
  local domains = sorted_keys(needs.domains)
  return {
    bot_user = needs.identity == "bot" and { display_name = name, always_online = false } or nil,
    app_home = app_home(needs), slash_commands = commands(needs, urls),
    shortcuts = shortcuts(needs), unfurl_domains = list_or_nil(domains),
    assistant_view = needs.features.assistant and {
      assistant_description = name,
    } or nil,
  }
end

local function oauth_config(needs, settings)
  local oauth = settings.oauth or {}
  local urls, openid = {}, oauth.openid
  urls[#urls + 1] = oauth.redirect_uri
  urls[#urls + 1] = openid and openid.redirect_uri
  local user = needs:chosen_scopes "user"
  for _, scope in ipairs(openid and openid.scopes or {}) do
    user[scope] = {}
  end
  local scopes = {
    bot = list_or_nil(sorted_keys(needs:chosen_scopes "bot")),
    user = list_or_nil(sorted_keys(user)),
  }
  return (urls[1] or next(scopes)) and {
    redirect_urls = list_or_nil(urls), scopes = next(scopes) and scopes or nil,
  } or nil
end

-- What a step takes and gives nobody but its author knows: that comes from a base.
local function function_entries(needs)
  local map
  for _, id in ipairs(sorted_keys(needs.functions)) do
    map = map or {}
    map[id] = {
      title = words_of(id), description = words_of(id), input_parameters = {},
      output_parameters = {},
    }
  end
  return map
end

local function subscriptions(needs, urls)
  local names = sorted_keys(needs.events)
  if #names == 0 then
    return nil
  end
  return {
    request_url = urls.events,
    [needs.identity == "user" and "user_events" or "bot_events"] = json.list(names),
  }
end

local function interactivity(needs, urls)
  if not needs.features.interactivity then
    return nil
  end
  return {
    is_enabled = true, request_url = urls.interactions,
    message_menu_options_url = needs.features.option_loads and urls.options or nil,
  }
end

-- Over Socket Mode there are no URLs.
local function has_urls(settings)
  return settings.transport == "http" and http_options.receives(settings)
end

local function origin(url)
  return url and url:match "^(%a+://[^/]+)"
end

-- The request URLs, by what Slack sends there; none with Socket Mode.
local function request_urls(settings, url)
  if not has_urls(settings) then
    return {}
  end
  local oauth = settings.oauth
  local base = (url or oauth and origin(oauth.redirect_uri) or M.UNKNOWN_HOST):gsub("/+$", "")
  local path = settings.http.path
  local urls = {}
  for _, name in ipairs { "events", "commands", "interactions", "options" } do
    local own = type(path) == "string" and path or path[name]
    urls[name] = own and base .. own
  end
  urls.options = urls.options or urls.interactions
  return urls
end

-- Making ---------------------------------------------------------------------------------

local function folder_name(path)
  return path:match "([^/]+)/[^/]*$"
end

---The manifest that needs make.
---@param needs slack.manifest.Needs
---@param program slack.Program
---@param options? { name: string?, url: string?, folder: string? } name: of the app; url: where
---  Slack reaches it; folder: the name of the one that we are in
---@return table manifest
function M.build(needs, program, options)
  options = options or {}
  local settings = program.apps[1].settings
  local urls = request_urls(settings, options.url)
  local name = (options.name or settings.name or folder_name(program.path) or options.folder
    or "lua-slack app"):sub(1, MAX_NAME)
  return {
    display_information = { name = name },
    features = features(needs, name, urls),
    oauth_config = oauth_config(needs, settings),
    settings = {
      event_subscriptions = subscriptions(needs, urls),
      interactivity = interactivity(needs, urls),
      org_deploy_enabled = next(needs.functions) ~= nil,
      socket_mode_enabled = settings.transport == "socket" or settings.transport == "both",
      token_rotation_enabled = false,
      function_runtime = next(needs.functions) and "remote" or nil,
    },
    functions = function_entries(needs),
  }
end

---Whether a URL in it is still to be filled in.
---@param manifest table
---@return boolean
function M.has_unknown_host(manifest)
  for _, value in pairs(manifest) do
    if type(value) == "table" and M.has_unknown_host(value)
      or type(value) == "string" and value:find(M.UNKNOWN_HOST, 1, true) == 1 then
      return true
    end
  end
  return false
end

return M
