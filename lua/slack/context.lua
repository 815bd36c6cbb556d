-- The context `c` that a handler works with: what came, and how to answer it.
-- One table per delivery; its fields are computed when they are first asked for.

local Message = require "slack.message"
local acks = require "slack.acks"
local errors = require "slack.errors"
local headers = require "slack.headers"
local http = require "slack.http"
local json = require "slack.json"
local payload = require "slack.payload"

local rawset = rawset

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
---@field matches? any[] what the pattern captured
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
---@field response_url? string
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

function fields.type(c)
  if c.kind == "event" then
    return c.payload.type
  elseif c.kind == "command" then
    return "command"
  end
  return c.body.type or c.kind
end

function fields.message(c)
  if c.kind == "event" then
    return c.payload.type == "message" and c.payload or nil
  end
  return payload.as_table(c.body.message)
end

for _, kind in ipairs { "event", "command", "action", "options", "shortcut" } do
  fields[kind] = function(c)
    if c.kind == kind then
      return c.payload
    end
  end
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
  return payload.present(c.body.event_id)
end

function fields.headers(c)
  local lines = c.request.headers
  return lines and headers.parse(lines)
end

function fields.state(c)
  return c.app.states
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
  return setmetatable({
    app = app, request = request, kind = kind, body = request.body, payload = part,
    retry = request.retry,
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

local function check_self(self, name)
  if getmetatable(self) ~= Context then
    error(("c.%s: call it with a colon: c:%s(…)"):format(name, name), 3)
  end
end

-- Ack ------------------------------------------------------------------------------

local function unsent(code, message)
  return errors.new { code = code, message = "c:ack: " .. message }
end

-- What an ack is told that comes when none is owed any more; nothing for an event, of
-- which none ever was.
local function why_not_owed(c)
  local request = c.request
  if request.held then
    return nil
  elseif request.deadline_passed then
    local err = unsent("deadline",
      "after the deadline: the person has had an empty answer; use c:respond")
    if not request.acked_late then
      request.acked_late = true
      c.log:warn("%s", err)
    end
    return err
  elseif request.gone then
    local err = unsent("gone", "Slack has hung up, nobody gets it")
    c.log:debug("%s", err)
    return err
  elseif request.acked_by then
    local err = unsent("acked", "acked already, nothing is sent")
    c.log:warn("%s", err)
    return err
  end
end

local function too_large(c, text, err)
  local message = ("the ack of %d bytes is too large: Slack takes less than %d. ")
    :format(#text, err.limit) .. (c.kind == "view" and "Ack without it and call views.update"
    or "Ack without it and use c:respond or c:say")
  c.log:error("%s: %s", tostring(c.listener or c.kind), message)
  return nil, errors.new { code = err.code, message = message }
end

---Answers a command, an interaction: with nothing, text, or a table (a message, a
---view's response_action, options). What was answered before stays.
---Events are acked before the handler runs; then there is nothing to do.
---@param content? string|table
---@return true? ok
---@return slack.Error? err code "too_large": still to be acked; "acked", "deadline" or "gone":
---  nothing is sent, because it was answered before, by the deadline, or Slack has hung up
function Context:ack(content)
  check_self(self, "ack")
  local text, problem = acks.encode(self.kind, content)
  if problem then
    error("c:ack: " .. problem, 2)
  end
  local request = self.request
  if request.acked then
    local err = why_not_owed(self)
    return not err or nil, err
  end
  if text and request.takes_payload == false then
    self.log:debug("this kind of payload takes no content in its ack: acked without")
    text = nil
  end
  local ok, err = request:ack(text)
  if ok then
    request.acked, request.acked_by = true, true
    return true
  elseif err.code == "too_large" then
    return too_large(self, text, err)
  end
  return nil, err
end

---Should this delivery be refused, because a handler of it fails, Slack is asked not
---to send it again (X-Slack-No-Retry). Only over HTTP is there a refusal, and of events
---only with the option http.answer_events = "handled".
function Context:no_retry()
  check_self(self, "no_retry")
  self.request.no_retry = true
end

-- What the handler returned is the ack if it has not acked.
function Context:_settle(value)
  if not self.request.acked then
    local kind = type(value)
    if kind == "number" or kind == "function" then
      self.log:warn("the handler returned a %s, which can be no ack: acked empty", kind)
    end
    self:ack(acks.is_answer(value) and value or nil)
    if not self.request.acked then -- the value was too large
      self:ack()
    end
  end
end

-- Posting ---------------------------------------------------------------------------

-- A handler seldom looks at what its last call gives: a failure is told in the log too.
local function told(c, name, value, err)
  if not value then
    local text = tostring(err)
    c.log:warn("%s failed: %s", name, text:match("^" .. name .. ": (.*)") or text)
  end
  return value, err
end

local function no_channel(name)
  return nil, errors.new {
    code = "no_channel",
    message = name .. ": the trigger has no channel: give one, or use c.client",
  }
end

local function post(c, arguments, name)
  arguments.channel = arguments.channel or c.channel_id
  if not arguments.channel then
    return no_channel(name)
  end
  return Message.post(c.client, arguments)
end

-- A thread's root has the thread_ts of its own ts, and does not stand in it.
local function own_thread(c)
  local thread_ts = c.thread_ts
  if thread_ts and thread_ts ~= c.message_ts then
    return thread_ts
  end
end

---Posts to the channel of the trigger, and to its thread when it stands in one.
---thread_ts = false in a table posts to the channel all the same.
---@async
---@param content string|table
---@return slack.Message? message
---@return slack.Error? err
function Context:say(content)
  check_self(self, "say")
  local arguments = Message.arguments(content, "c:say", 2)
  if arguments.thread_ts == nil and arguments.channel == nil then
    arguments.thread_ts = own_thread(self)
  elseif not arguments.thread_ts then
    arguments.thread_ts = nil
  end
  return told(self, "c:say", post(self, arguments, "c:say"))
end

---Posts to the thread of the trigger, which begins with it if there is none.
---@async
---@param content string|table
---@return slack.Message? message
---@return slack.Error? err
function Context:reply(content)
  check_self(self, "reply")
  local arguments = Message.arguments(content, "c:reply", 2)
  arguments.thread_ts = arguments.thread_ts or self.thread_ts or self.message_ts
  return told(self, "c:reply", post(self, arguments, "c:reply"))
end

local function triggering_message(c, name)
  local channel, ts = c.channel_id, c.message_ts
  if channel and ts then
    return { channel = channel, ts = ts }
  end
  return nil, errors.new {
    code = "no_message",
    message = name .. ": the trigger is not about a message: use c.client",
  }
end

---Adds a reaction to the message of the trigger.
---@async
---@param name string of the emoji, with or without colons
---@return true? ok
---@return slack.Error? err
function Context:react(name)
  check_self(self, "react")
  if type(name) ~= "string" then
    error("c:react: name of an emoji expected, got " .. type(name), 2)
  end
  local target, err = triggering_message(self, "c:react")
  if not target then
    return told(self, "c:react", nil, err)
  end
  return told(self, "c:react", Message.new(self.client, target):react(name))
end

local function is_ephemeral(c)
  local container = payload.as_table(c.body.container)
  return container ~= nil and container.is_ephemeral == true
end

---Replaces the message that the interaction came from.
---@async
---@param content string|table
---@return slack.Message|true|nil message true for an ephemeral one
---@return slack.Error? err
function Context:update(content)
  check_self(self, "update")
  local arguments = Message.arguments(content, "c:update", 2)
  if is_ephemeral(self) then
    arguments.replace_original = true
    return self:respond(arguments)
  end
  local target, err = triggering_message(self, "c:update")
  if not target then
    return told(self, "c:update", nil, err)
  end
  return told(self, "c:update",
    Message.new(self.client, target, self.thread_ts):update(arguments))
end

---Opens a view for the person whose click or command this is; within three
---seconds of it.
---@async
---@param view table
---@return table? answer of views.open
---@return slack.Error? err
function Context:open(view)
  check_self(self, "open")
  if type(view) ~= "table" then
    error("c:open: a view expected, got " .. type(view), 2)
  end
  local trigger_id = self.trigger_id
  if not trigger_id then
    return told(self, "c:open", nil, errors.new {
      code = "no_trigger",
      message = "c:open: nobody's click or command is behind this " .. self.kind,
    })
  end
  local text, problem = json.encode(view)
  if not text then
    error("c:open: view: " .. problem, 2)
  end
  local name = payload.present(self.body.trigger_id) and "trigger_id" or "interactivity_pointer"
  return told(self, "c:open", self.client.views.open { [name] = trigger_id, view = view })
end

-- The response URL --------------------------------------------------------------------

local function respond_failure(response)
  local answer = response.body:find "^%s*{" and json.decode(response.body)
  if response.ok and not (type(answer) == "table" and answer.ok == false) then
    return nil
  end
  local word = type(answer) == "table" and type(answer.error) == "string" and answer.error
    or response.body:match "^[%w_]+$"
  return errors.new {
    code = word or "http_error",
    message = ("c:respond: status %d%s"):format(response.status, word and ": " .. word or ""),
    status = response.status,
  }
end

local function post_response(c, text)
  local url = c.response_url
  if not url then
    return nil, errors.new {
      code = "no_response_url",
      message = "c:respond: this " .. c.kind .. " came without a response URL: use c:say",
    }
  end
  local response, err = http.request {
    method = "POST", url = url, headers = { "Content-Type", "application/json; charset=utf-8" },
    body = text, net = c.app.net, timeout = c.app.settings.timeout,
  }
  if not response then
    return nil, errors.new { code = err.code, message = "c:respond: " .. err.message }
  end
  err = respond_failure(response)
  return not err or nil, err
end

---Answers through the response URL of a command or an interaction, for 30
---minutes and at most five times. Works where the bot is no member. Seen by the
---person alone unless response_type is "in_channel".
---@async
---@param content string|table
---@return true? ok
---@return slack.Error? err with status
function Context:respond(content)
  check_self(self, "respond")
  local arguments = Message.arguments(content, "c:respond", 2)
  local text, problem = json.encode(arguments)
  if not text then
    error("c:respond: " .. problem, 2)
  end
  return told(self, "c:respond", post_response(self, text))
end

return Context
