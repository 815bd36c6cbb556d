-- What to say of a constraint that is well-formed and yet can never hold.

local kinds = require "slack.kinds"
local sorted_keys = require "slack.sorted_keys"

local find = string.find

local INTERACTIONS = {
  block_actions = "action", interactive_message = "action", dialog_submission = "action",
  dialog_cancellation = "action", block_suggestion = "options", dialog_suggestion = "options",
  shortcut = "shortcut", message_action = "shortcut", view_submission = "view",
  view_closed = "view_closed", slash_commands = "command",
}

local MESSAGE_SUBTYPES = {
  bot_message = true, file_share = true, me_message = true, message_changed = true,
  message_deleted = true, message_replied = true, thread_broadcast = true,
}

-- Of payloads; elements have types too, of which Slack adds to those of actions.
local TYPES = {
  shortcut = { shortcut = true, message_action = true },
  view = { view_submission = true, view_closed = true },
  options = { block_suggestion = true, dialog_suggestion = true, interactive_message = true },
}

local function of_event(name)
  if find(name, "^message%.") then
    return ("%q is the name of a subscription; its events have the type \"message\": ")
      :format(name) .. 'use app:message(handler), or app:event("message", handler) for all subtypes'
  elseif MESSAGE_SUBTYPES[name] then
    return ("%q is a subtype of messages: use app:message({ subtype = %q }, handler)")
      :format(name, name)
  elseif INTERACTIONS[name] then
    return ("%q is no event: use app:%s"):format(name, INTERACTIONS[name])
  elseif find(name, "%u") then
    return ("%q: names of events are in lower case"):format(name)
  end
end

local function of_type(types, name)
  if not types[name] then
    return ("%q never comes; there are %s"):format(name,
      table.concat(sorted_keys(types), ", "))
  end
end

local function of_reaction(name)
  local plain = name:match "^:(.+):$"
  return plain and ("%q: names come without colons: %q"):format(name, plain)
end

local function of_command(name)
  if name:sub(1, 1) ~= "/" then
    return ("%q begins with no slash: %q is meant?"):format(name, "/" .. name)
  elseif find(name, "%s") then
    return ("%q: a command is one word; what follows it is c.text"):format(name)
  end
end

---@param name string of the registering method
---@param method slack.ListenerMethod
---@param field string
---@param text string
---@return string? problem
return function(name, method, field, text)
  local problem
  if text == "" and field == method.field and field ~= "text" then
    problem = "it is empty, and never comes so"
  elseif name == "event" and field == "type" then
    problem = of_event(text)
  elseif method.kind == "command" and field == "command" then
    problem = of_command(text)
  elseif field == "type" and TYPES[method.kind] then
    problem = of_type(TYPES[method.kind], text)
  elseif field == "reaction" then
    problem = of_reaction(text)
  else
    problem = kinds.id_problem(field, text)
  end
  return problem and field .. ": " .. problem
end
