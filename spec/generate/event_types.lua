-- Annotations of events: what each holds, the context of its handler, and app:event by name.

local annotations = require "generate.annotations"
local event_facts = require "generate.event_facts"
local shape = require "generate.shape"

local M = {}

local function words_of(head)
  local scopes = head:match " (%S*[:.]%S*)"
  local is_rtm, status = head:find " rtm", head:match " (retired)"
  local parts = {}
  if is_rtm then
    parts[1] = "Only over RTM."
  elseif scopes then
    parts[1] = ("Needs %s."):format((scopes:gsub(",", " or ")))
  end
  parts[#parts + 1] = status and "Retired." or nil
  return table.concat(parts, " ")
end

local REGISTER = '---@field event fun(self: slack.Registrar, what: "%s", %s): slack.Listener\n'

-- The handler comes last; middleware and options may stand before it.
local function handlers(name)
  local parts = {}
  for i, argument in ipairs { "handler", "b", "c", "d" } do
    parts[i] = ("%s%s: slack.EventHandler.%s"):format(argument, i > 1 and "?" or "", name)
  end
  return table.concat(parts, ", ")
end

local function context_text(name)
  return annotations.class("slack.EventContext." .. name, "slack.Context", {
    { name = "event", type = "slack.events." .. name },
    { name = "payload", type = "slack.events." .. name },
  }) .. ("---@alias slack.EventHandler.%s\n"):format(name)
    .. ("---| fun(c: slack.EventContext.%s, next: fun(): any): any\n---| table\n\n"):format(name)
end

---@return table<string, string> text by path
function M.files()
  local events = { annotations.head "Events, by type." }
  local contexts = { annotations.head "The contexts of events, by type." }
  local registering = {
    annotations.head "What app:event registers, by the type of the event.",
    "---@class (partial) slack.Registrar\n",
  }
  for head, text in shape.entries(event_facts) do
    local name = head:match "^%S+"
    events[#events + 1] = annotations.class("slack.events." .. name, "slack.events.Event",
      shape.read(text), words_of(head))
    contexts[#contexts + 1] = context_text(name)
    registering[#registering + 1] = REGISTER:format(name, handlers(name))
  end
  return {
    ["lua/slack/types/events.lua"] = table.concat(events),
    ["lua/slack/types/event_contexts.lua"] = table.concat(contexts),
    ["lua/slack/types/registrar.lua"] = table.concat(registering),
  }
end

return M
