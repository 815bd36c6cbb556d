-- The methods that register listeners: which bodies each is for, which of their
-- fields a constraint may name, and how those are read. Data more than code;
-- a new kind of listener is a new entry.

local payload = require "slack.payload"

local present = payload.present

local function plain(name)
  return function(_, part)
    return present(part[name])
  end
end

local function body_callback_id(body)
  return payload.callback_id(body)
end

local function body_type(body)
  return body.type
end

-- An action is found by the type of its body or by that of its element.
local function action_types(body, part)
  return body.type, part ~= body and part.type or nil
end

local EVENT_FIELDS = {
  type = plain "type",
  subtype = plain "subtype",
  channel = function(body) return payload.channel_id(body) end,
  channel_type = plain "channel_type",
  user = function(body) return payload.user_id(body) end,
  team = function(body) return payload.team_id(body) end,
  bot_id = plain "bot_id",
  app_id = plain "app_id",
  reaction = plain "reaction",
  tab = plain "tab",
  thread_ts = plain "thread_ts",
  callback_id = body_callback_id,
}

local MESSAGE_FIELDS = { text = plain "text" }
for name, get in pairs(EVENT_FIELDS) do
  MESSAGE_FIELDS[name] = get
end
MESSAGE_FIELDS.type = nil

local COMMAND_FIELDS = {
  command = plain "command",
  text = plain "text",
  channel = function(body) return body.channel_id end,
  user = function(body) return body.user_id end,
  team = function(body) return body.team_id end,
}

local INTERACTION_PLACE = {
  channel = function(body) return payload.channel_id(body) end,
  user = function(body) return payload.user_id(body) end,
  team = function(body) return payload.team_id(body) end,
}

local function interaction(fields)
  for name, get in pairs(INTERACTION_PLACE) do
    fields[name] = get
  end
  return fields
end

local ACTION_FIELDS = interaction {
  action_id = plain "action_id",
  block_id = plain "block_id",
  callback_id = body_callback_id,
  type = action_types,
}

local OPTIONS_FIELDS = interaction {
  action_id = plain "action_id",
  block_id = plain "block_id",
  callback_id = body_callback_id,
  type = body_type,
}

local SHORTCUT_FIELDS = interaction { callback_id = plain "callback_id", type = body_type }

local VIEW_FIELDS = interaction {
  callback_id = plain "callback_id",
  external_id = plain "external_id",
  type = body_type,
}

-- Kinds of messages that a person would call a message. Edits, deletions and
-- notices of the channel are met only by listeners that name their subtype.
local ORDINARY_SUBTYPES = {
  bot_message = true, file_share = true, me_message = true, thread_broadcast = true,
}

local function is_ordinary(_, part)
  local subtype = present(part.subtype)
  return subtype == nil or ORDINARY_SUBTYPES[subtype] == true
end

---@class slack.ListenerMethod
---@field kind slack.Kind
---@field field string what a plain `what` is compared with
---@field fields table<string, fun(body: table, payload: table): any, any>
---@field always? table<string, string> constraints that hold in any case
---@field unless? table<string, string> constraints that hold unless the field is named
---@field test? fun(body: table, payload: table): boolean holds unless subtype is named
---@field optional? boolean whether `what` may be left out
---@field contains? boolean a plain string is found anywhere in the field

---@type table<string, slack.ListenerMethod>
local METHODS = {
  event = { kind = "event", field = "type", fields = EVENT_FIELDS },
  message = {
    kind = "event", field = "text", fields = MESSAGE_FIELDS, always = { type = "message" },
    test = is_ordinary, optional = true, contains = true,
  },
  func = {
    kind = "event", field = "callback_id", fields = EVENT_FIELDS,
    always = { type = "function_executed" },
  },
  command = { kind = "command", field = "command", fields = COMMAND_FIELDS },
  action = { kind = "action", field = "action_id", fields = ACTION_FIELDS },
  options = { kind = "options", field = "action_id", fields = OPTIONS_FIELDS },
  shortcut = { kind = "shortcut", field = "callback_id", fields = SHORTCUT_FIELDS },
  view = {
    kind = "view", field = "callback_id", fields = VIEW_FIELDS,
    unless = { type = "view_submission" },
  },
  view_closed = {
    kind = "view", field = "callback_id", fields = VIEW_FIELDS, always = { type = "view_closed" },
  },
}

-- Fields by which listeners of a kind are found, best first.
local INDEXED = {
  event = { "type" },
  command = { "command" },
  action = { "action_id", "callback_id", "block_id" },
  options = { "action_id", "callback_id", "block_id" },
  shortcut = { "callback_id" },
  view = { "callback_id" },
}

local GETTERS = {
  event = EVENT_FIELDS, command = COMMAND_FIELDS, action = ACTION_FIELDS,
  options = OPTIONS_FIELDS, shortcut = SHORTCUT_FIELDS, view = VIEW_FIELDS,
}

return {
  METHODS = METHODS,
  INDEXED = INDEXED,
  GETTERS = GETTERS,
  -- Kinds of which the first match alone runs, because there is one answer to give.
  ANSWERED_ONCE = {
    command = true, action = true, options = true, shortcut = true, view = true,
  },
}
