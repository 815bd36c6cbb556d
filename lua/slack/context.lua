-- The context `c` that a handler works with: what came, and how to answer it.
-- One table per delivery; its fields are computed when they are first asked for.
-- Its methods live in parts by topic.

local lazy = require "slack.lazy"
local headers = lazy "slack.headers"
local payload = require "slack.payload"

local rawset, setmetatable = rawset, setmetatable

---@class slack.ContextPart
---@field methods? table<string, function> called with the context
---@field fields? table<string, fun(c: slack.Context): any> computed when first asked for

---@type slack.ContextPart[]
local PARTS = { require "slack.acking" }

-- Parts that are loaded when one of their names is first asked for.
local LATER = {
  ["slack.posting"] = { methods = { "say", "reply", "upload", "react", "update" } },
  ["slack.responding"] = { methods = { "respond" } },
  ["slack.functions"] = {
    methods = { "complete", "fail", "_fail_step" }, fields = { "inputs", "function_execution_id" },
  },
  ["slack.streaming"] = { methods = { "stream" } },
  ["slack.assistants"] = {
    methods = { "save_thread_context", "status", "title", "prompts" },
    fields = { "app_context", "thread_contexts", "thread_context" },
  },
  ["slack.values"] = { fields = { "values", "block_values" } },
  ["slack.viewing"] = { methods = { "open", "push", "publish" } },
  ["slack.conversations"] = { methods = { "wait", "ask", "choose", "form" } },
}

---@class slack.Context
---@field app slack.App
---@field kind slack.Kind
---@field type string as Slack names it: of the event or the interaction; "command"
---@field body table the whole decoded payload
---@field payload table its part that the kind is named for
---@field event? table
---@field message? table of a message event, or the one an interaction came from
---@field command? table
---@field action? table
---@field options? table
---@field shortcut? table
---@field view? table
---@field text? string of the message or the command; without the mention that was asked for
---@field values? table<string, any> what was filled in, by action_id, of a view, and of the
---  message or view that an action or a menu is in: numbers, texts, ids, lists; empty is nil
---@field block_values? table<string, table<string, any>> the same by block_id and action_id
---@field matches? table what the pattern captured; beside the list, under the names of their
---  fields, what patterns for other fields did: c.matches.block_id
---@field scheduled_at? integer in app:every and app:at: when this run was due, seconds since the
---  epoch
---@field missed? integer there: how often it was due since the last run, and skipped
---@field params? table<string, any> the words of a command's route, by name
---@field user_id? string
---@field channel_id? string
---@field team_id? string
---@field enterprise_id? string
---@field actor_enterprise_id? string where the person is at home who did it, in a channel
---  shared with other organizations
---@field actor_team_id? string the same
---@field actor_user_id? string
---@field thread_ts? string of the thread the trigger stands in
---@field message_ts? string of the message the trigger is about
---@field trigger_id? string
---@field response_url? string the payload's, or the first of response_urls
---@field response_urls? table[] of a view's submission: response_url, block_id, action_id,
---  channel_id
---@field is_enterprise_install boolean
---@field bot_id? string
---@field bot_user_id? string
---@field authorization table what is known of the installation
---@field retry? { number: integer, reason: string }
---@field headers? table<string, string> of the HTTP request by lower-case name, repeated ones
---  joined by commas; nil in Socket Mode
---@field client slack.Client with the token of the function, else of the bot, else of the user
---@field user_client? slack.Client with a token that the person behind it has granted
---@field log slack.Logger
---@field data table free for middleware
---@field state table the states of app:state by name
---@field request slack.Request
---@field listener? slack.Listener
local Context = { __name = "slack.context" }

-- Fields computed when asked for -----------------------------------------------

local fields = {}

for _, name in ipairs {
  "user_id", "channel_id", "team_id", "enterprise_id", "thread_ts", "message_ts", "trigger_id",
  "response_url", "is_enterprise_install",
} do
  local get = payload[name]
  fields[name] = function(c)
    return get(c.body)
  end
end

function fields.body(c)
  return c.request.body
end

function fields.type(c)
  if c.kind == "event" then
    return payload.present(c.payload.type)
  elseif c.kind == "command" then
    return "command"
  end
  return payload.present(c.body.type) or c.kind
end

function fields.message(c)
  if c.kind == "event" then
    return c.payload.type == "message" and c.payload or nil
  end
  return payload.as_table(c.body.message) or payload.as_table(c.body.original_message)
end

for _, kind in ipairs { "command", "action", "options", "shortcut" } do
  fields[kind] = function(c)
    if c.kind == kind then
      return c.payload
    end
  end
end

local function as_string(value)
  return type(value) == "string" and value or nil
end

function fields.text(c)
  if c.kind == "command" then
    return as_string(c.payload.text)
  end
  local message = c.kind == "event" and c.payload or c.kind == "shortcut" and c.message
  return message and (as_string(message.text)
    or as_string((payload.as_table(message.message) or {}).text)) or nil
end

function fields.response_urls(c)
  return payload.as_table(c.body.response_urls)
end

function fields.view(c)
  return payload.as_table(c.kind == "event" and c.payload.view or c.body.view)
end

function fields.authorization(c)
  return c.app.identity or {}
end

function fields.bot_id(c)
  return c.authorization.bot_id
end

function fields.bot_user_id(c)
  return c.authorization.bot_user_id
end

function fields.client(c)
  return c.app.authorization:client(c.authorization, payload.function_token(c.body))
end

function fields.user_client(c)
  return c.app.authorization:user_client(c.authorization)
end

function fields.actor_enterprise_id(c)
  return (payload.actor_place(c.body))
end

function fields.actor_team_id(c)
  return (select(2, payload.actor_place(c.body)))
end

function fields.actor_user_id(c)
  return c.user_id
end

function fields.log(c)
  return c.app.log:with { listener = c.listener and tostring(c.listener), event_id = c.event_id }
end

function fields.event_id(c)
  return c.request.event_id or payload.present(c.body.event_id)
end

function fields.headers(c)
  local lines = c.request.headers
  return lines and headers.parse(lines)
end

function fields.state(c)
  return c.app.states
end

function fields.retry(c)
  return c.request.retry
end

function fields.data()
  return {}
end

function Context.__index(c, name)
  local method = Context[name]
  if method ~= nil then
    return method
  end
  local compute = fields[name]
  if compute then
    local value = compute(c)
    if value ~= nil then
      rawset(c, name, value)
    end
    return value
  end
end

---@param app slack.App
---@param request slack.Request
---@param kind slack.Kind
---@param part table
---@return slack.Context
function Context.new(app, request, kind, part)
  if kind == "event" then -- whose body may not have been read yet, and need not be
    return setmetatable({
      app = app, request = request, kind = kind, payload = part, event = part,
    }, Context)
  end
  return setmetatable({
    app = app, request = request, kind = kind, payload = part, body = request.body,
  }, Context)
end

---The same delivery for another listener: shares everything but what is the
---listener's own.
---@return slack.Context
function Context:_fork()
  local copy = { data = self.data }
  for name, value in next, self do
    copy[name] = value
  end
  copy.log, copy.matches, copy.listener = nil, nil, nil
  return setmetatable(copy, Context)
end

function Context:__tostring()
  return ("slack.context: %s %s"):format(self.kind, tostring(self.type))
end

-- Parts ----------------------------------------------------------------------------

local function add(name, value, to)
  if Context[name] or fields[name] then
    error(("slack.context: two parts have %q"):format(name))
  end
  to[name] = value
end

local function add_all(values, to)
  for name, value in pairs(values or {}) do
    add(name, value, to)
  end
end

-- A tail call, so that misuse names the caller.
local function add_later(names, module, kind, to)
  for _, name in ipairs(names or {}) do
    add(name, function(...)
      for own, value in pairs(lazy.load(module)[kind]) do
        to[own] = value
      end
      return to[name](...)
    end, to)
  end
end

for _, part in ipairs(PARTS) do
  add_all(part.methods, Context)
  add_all(part.fields, fields)
end

for module, names in pairs(LATER) do
  add_later(names.methods, module, "methods", Context)
  add_later(names.fields, module, "fields", fields)
end

return Context
