-- The methods that register listeners: which bodies each is for, which of their
-- fields a constraint may name, and how those are read. Data more than code;
-- a new kind of listener is a new entry.

local json = require "slack.json"
local merged = require "slack.merged"
local mention = require "slack.mention"
local payload = require "slack.payload"

local null, present = json.null, payload.present

-- Getters ---------------------------------------------------------------------------
-- get(payload, c) -> value, another value that will do as well. Those of c alone may need the
-- body, which of an event is read only when somebody asks for it.

local plain_names = {} -- getter -> field

local function plain(name)
  local function get(part)
    local value = part[name]
    if value ~= null then
      return value
    end
  end
  plain_names[get] = name
  return get
end

local function callback_id(_, c)
  return payload.callback_id(c.body)
end

local function body_type(_, c)
  return c.body.type
end

-- An action is found by the type of its body or by that of its element.
local function action_types(part, c)
  local body = c.body
  return body.type, part ~= body and part.type or nil
end

local function channel(_, c)
  return payload.channel_id(c.body)
end

local function thread_ts(_, c)
  return payload.thread_ts(c.body)
end

-- Flags are true or nil: false, as any missing value, is asked for by false.

-- The ids of direct message channels begin with a D.
local function is_dm(part, c)
  local id = payload.channel_id(c.body)
  return part.channel_type == "im" or id ~= nil and id:byte() == 68 or nil
end

-- The first message of a thread has its own ts for thread_ts, and does not stand in it.
local function is_in_thread(_, c)
  local ts = payload.thread_ts(c.body)
  return ts ~= nil and ts ~= payload.message_ts(c.body) or nil
end

local function is_mentioned(_, c)
  return mention.text(c) ~= nil or nil
end

local function text_without_mention(_, c)
  return mention.text(c)
end

-- Of the links of link_shared, of which there may be several.
local function domains(part)
  local links, found = payload.as_table(part.links), nil
  for _, link in ipairs(links or {}) do
    local domain = payload.as_table(link) and payload.text_of(link.domain)
    if domain then
      found = found or {}
      found[#found + 1] = domain
    end
  end
  return found
end

-- Fields by kind --------------------------------------------------------------------

local PLACE = {
  channel = channel,
  user = function(_, c) return payload.user_id(c.body) end,
  team = function(_, c) return payload.team_id(c.body) end,
  enterprise = function(_, c) return payload.enterprise_id(c.body) end,
  dm = is_dm,
  thread = is_in_thread,
  thread_ts = thread_ts,
}

local EVENT_FIELDS = merged(PLACE, {
  type = plain "type",
  subtype = plain "subtype",
  text = plain "text",
  mention = is_mentioned,
  channel_type = plain "channel_type",
  bot_id = plain "bot_id",
  app_id = plain "app_id",
  reaction = plain "reaction",
  tab = plain "tab",
  domain = domains,
  callback_id = callback_id,
})

local MESSAGE_FIELDS = merged(EVENT_FIELDS)
MESSAGE_FIELDS.type, MESSAGE_FIELDS.domain = nil, nil

local FUNCTION_FIELDS = merged(PLACE, { callback_id = callback_id, app_id = plain "app_id" })

local COMMAND_FIELDS = merged(PLACE, {
  command = plain "command",
  text = plain "text",
  channel = plain "channel_id",
  user = plain "user_id",
  team = plain "team_id",
})

local ACTION_FIELDS = merged(PLACE, {
  action_id = plain "action_id",
  block_id = plain "block_id",
  callback_id = callback_id,
  name = plain "name", -- of an element of an attachment
  type = action_types,
})

local OPTIONS_FIELDS = merged(PLACE, {
  action_id = plain "action_id",
  block_id = plain "block_id",
  callback_id = callback_id,
  name = plain "name", -- of a menu of an attachment, an element of a dialog
  type = body_type,
})

local SHORTCUT_FIELDS = merged(PLACE, { callback_id = plain "callback_id", type = body_type })

local VIEW_FIELDS = merged(PLACE, {
  callback_id = plain "callback_id",
  external_id = plain "external_id",
  type = body_type,
})

local VIEW_CLOSED_FIELDS = merged(VIEW_FIELDS)
VIEW_CLOSED_FIELDS.type = nil

local ANY_FIELDS = merged(PLACE, {
  kind = function(_, c) return c.kind end,
  type = function(_, c) return c.type end,
  subtype = function(part) return part and present(part.subtype) end,
  callback_id = callback_id,
})

-- Methods ---------------------------------------------------------------------------

-- Kinds of messages that a person would call a message. Edits, deletions and
-- notices of the channel are met only by listeners that name their subtype.
local ORDINARY_SUBTYPES = {
  bot_message = true, file_share = true, me_message = true, thread_broadcast = true,
}

local function is_ordinary(part)
  local subtype = part.subtype
  return subtype == nil or subtype == null or ORDINARY_SUBTYPES[subtype] == true
end

---@class slack.ListenerMethod
---@field kind slack.Kind|"any"
---@field field string what a plain `what` is compared with
---@field fields table<string, fun(payload: table, c: slack.Context): any, any>
---@field always? table<string, string> constraints that hold in any case
---@field unless? table<string, string> constraints that hold unless the field is named
---@field test? fun(payload: table): boolean holds unless subtype is named
---@field optional? boolean whether `what` may be left out
---@field has_texts? boolean a plain string is found anywhere in the field text

---@type table<string, slack.ListenerMethod>
local METHODS = {
  event = { kind = "event", field = "type", fields = EVENT_FIELDS, has_texts = true },
  message = {
    kind = "event", field = "text", fields = MESSAGE_FIELDS, always = { type = "message" },
    test = is_ordinary, optional = true, has_texts = true,
  },
  func = {
    kind = "event", field = "callback_id", fields = FUNCTION_FIELDS,
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
    kind = "view", field = "callback_id", fields = VIEW_CLOSED_FIELDS,
    always = { type = "view_closed" },
  },
  any = { kind = "any", field = "type", fields = ANY_FIELDS, optional = true },
}

-- Fields by which listeners of a kind are found, the first that they name first.
local INDEXED = {
  event = {
    "type", "callback_id", "channel", "user", "reaction", "bot_id", "app_id", "tab", "team",
  },
  command = { "command", "channel", "user", "team" },
  action = { "action_id", "callback_id", "block_id", "name", "channel", "user", "team" },
  options = { "action_id", "callback_id", "block_id", "name", "channel", "user", "team" },
  shortcut = { "callback_id", "channel", "user", "team" },
  view = { "callback_id", "external_id", "user", "team" },
  any = { "type", "callback_id", "channel", "user", "team" },
}

-- Of these the first that a listener names says what it is for: when it does not take
-- that after all, nobody needs to be told.
local NAMING = {
  event = { "callback_id", "type" },
  command = { "command" },
  action = { "action_id", "callback_id", "block_id" },
  options = { "action_id", "callback_id", "block_id" },
  shortcut = { "callback_id" },
  view = { "callback_id", "external_id" },
  any = {},
}

-- Fields that hold ids, which are not the names that people see.
local IDS = { channel = "C0123456789", user = "U0123456789", team = "T0123456789" }

---@param field string
---@param text string
---@return string? problem
local function id_problem(field, text)
  local example = IDS[field]
  if example and text:find "[#@%l]" then
    return ("%q is a name; what comes from Slack has ids, like %q"):format(text, example)
  end
end

return {
  METHODS = METHODS,
  INDEXED = INDEXED,
  NAMING = NAMING,
  GETTERS = {
    event = EVENT_FIELDS, command = COMMAND_FIELDS, action = ACTION_FIELDS,
    options = OPTIONS_FIELDS, shortcut = SHORTCUT_FIELDS, view = VIEW_FIELDS, any = ANY_FIELDS,
  },
  -- The field of the payload that a getter gives just as it stands there.
  PLAIN_NAMES = plain_names,
  -- Fields that are there or not, asked for by true and false alone.
  FLAGS = { dm = true, thread = true, mention = true },
  -- Fields with several values, one of which will do.
  LISTS = { domain = true },
  id_problem = id_problem,
  text_without_mention = text_without_mention,
  is_ordinary = is_ordinary,
  -- Kinds of which the first match alone runs, because there is one answer to give.
  ANSWERED_ONCE = {
    command = true, action = true, options = true, shortcut = true, view = true,
  },
}
