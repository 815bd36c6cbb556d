-- The order in which the keys of a manifest are written: as Slack's own pages have them.

local sorted_keys = require "slack.sorted_keys"

local ORDER = {
  "_metadata", "major_version", "minor_version",
  "display_information", "features", "oauth_config", "settings", "functions",
  "command", "name", "title", "type", "callback_id", "url", "description", "usage_hint",
  "should_escape", "long_description", "background_color",
  "app_home", "home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled",
  "bot_user", "display_name", "always_online", "shortcuts", "slash_commands", "unfurl_domains",
  "assistant_view", "assistant_description", "suggested_prompts",
  "redirect_urls", "scopes", "bot", "user",
  "event_subscriptions", "is_enabled", "request_url", "message_menu_options_url", "bot_events",
  "user_events", "interactivity", "org_deploy_enabled", "socket_mode_enabled",
  "token_rotation_enabled", "function_runtime",
  "input_parameters", "output_parameters", "properties", "required",
}

local RANKS = {}
for rank, name in ipairs(ORDER) do
  RANKS[name] = rank
end

---@param map table<string, any>
---@return string[]
local function ordered_keys(map)
  local keys = sorted_keys(map)
  local places = {}
  for place, key in ipairs(keys) do
    places[key] = (RANKS[key] or #ORDER + 1) * (#keys + 1) + place
  end
  table.sort(keys, function(a, b) return places[a] < places[b] end)
  return keys
end

return { ordered_keys = ordered_keys }
