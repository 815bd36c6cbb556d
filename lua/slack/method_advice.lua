-- What to say when the app is asked for a method that it has not, and that is nearly
-- one that it has, or is called so in Slack's own frameworks.

local near_miss = require "slack.near_miss"

local ELSEWHERE = {
  attachment_action = "action", block_action = "action", block_suggestion = "options",
  custom_function = "func", dialog_cancellation = "action", dialog_submission = "action",
  dialog_suggestion = "options", error = "on_error", global_shortcut = "shortcut",
  hear = "message", hears = "message", interactive_message = "action",
  message_shortcut = "shortcut", middleware = "use", on = "event",
  slash_command = "command", view_submission = "view",
}

local function advice(methods, name)
  if ELSEWHERE[name] then
    return ("; use app:%s"):format(ELSEWHERE[name])
  end
  local candidates = {}
  for candidate, value in pairs(methods) do
    -- Of the shorter ones too many words are near.
    if #candidate > 3 and candidate:sub(1, 1) ~= "_" and type(value) == "function" then
      candidates[candidate] = true
    end
  end
  return near_miss(name, candidates)
end

---What an object gives for the name of a field that it has not: nil, or it raises at
---the line that asks for it.
---@param methods table<string, function> of its class
---@param fields? string[] that it may lack, so that nobody needs to think about them
---@return fun(name: any, level: integer): nil
return function(methods, fields)
  local known = {} -- name -> advice; each is thought about once
  for _, field in ipairs(fields or {}) do
    known[field] = ""
  end
  return function(name, level)
    if type(name) ~= "string" then
      return nil
    end
    known[name] = known[name] or advice(methods, name)
    if known[name] ~= "" then
      error(("app.%s: there is no such method%s"):format(name, known[name]), level + 1)
    end
    return nil
  end
end
