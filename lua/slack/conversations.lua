-- Conversations as straight code: c:wait and c:ask suspend the handler's task until what
-- they wait for has come. For c:choose see choices.lua, for c:form forms.lua.

local Message = require "slack.message"
local Wait = require "slack.wait"
local Waits = require "slack.waits"
local calls = require "slack.context_calls"
local choices = require "slack.choices"
local forms = require "slack.forms"
local loop = require "slack.loop"
local mention = require "slack.mention"
local payload = require "slack.payload"
local place = require "slack.place"
local posting = require "slack.posting"
local wait_options = require "slack.wait_options"

local present = payload.present
local check_self, told = calls.check_self, calls.told

-- Seconds for which a person is waited for, unless the call says otherwise.
local TIMEOUT = 600

---@class slack.WaitOptions
---@field from? string|string[] a person's id, a list of them, "anyone"; who the trigger is from
---@field channel? string its id, "anywhere"; where the trigger was. What has no channel is taken
---  all the same when this is left out
---@field thread? string|table|boolean its ts, or a message; true, false: in a thread or not;
---  "anywhere"; where the trigger was
---@field on? string|table the message that it is about, or its ts
---@field filter? fun(c: slack.Context): any
---@field pass? boolean listeners and others that wait get it too
---@field timeout? number|false seconds, 600; false: as long as it takes
---@field [string] any

---@class slack.ChooseOptions
---@field text string mrkdwn
---@field choices (string|slack.Choice)[]
---@field timeout? number|false seconds, 3600; false: as long as it takes
---@field from? string|string[] a person's id, a list of them, "anyone"; whom a direct message
---  (channel = "U…") is for, else who the trigger is from
---@field outcome? false|fun(value: any, c: slack.Context?): string? the line in the place of the
---  buttons, mrkdwn; value is nil when the time was over; false: none
---@field placeholder? string of the menu
---@field blocks? table[] in the place of the text; the buttons come below
---@field [string] any other arguments of chat.postMessage

---@class slack.Context
local methods = {}

-- Passes on why there is nothing: a person who takes their time is no failure.
local function told_unless_late(c, name, why)
  if why == "timeout" then
    return nil, why
  end
  return told(c, name, nil, why)
end

-- c:wait -----------------------------------------------------------------------------------

local function position_of(list, wait)
  for i = 1, #list do
    if list[i] == wait then
      return i
    end
  end
end

---Waits for what a person does next: this person, in this channel and thread, unless
---the options say otherwise. Exactly one of event, message, command, action, shortcut,
---view and view_closed says what for, in the forms that listeners take, or true for any;
---a list of such tables waits for the first of them. What it gets, no listener gets,
---unless pass = true; its ack is owed, and sent empty when the handler waits again.
---@async
---@param options slack.WaitOptions|slack.WaitOptions[]
---@return slack.Context? c of what came; nil, "timeout"
---@return "timeout"|integer|nil why or which of a list
function methods:wait(options)
  check_self(self, "wait")
  local list, problem = wait_options.read(self, options)
  local timeout
  if list then
    timeout, problem = wait_options.timeout(options.timeout, TIMEOUT)
  end
  if problem then
    error("c:wait: " .. problem, 2)
  end
  local wait <close> = list[2] and Wait.any(list) or Wait.new(list[1])
  local c, why = wait:await(timeout)
  if c and options[1] then
    return c, position_of(list, wait.waiter.wait)
  end
  return c, why
end

-- c:ask ------------------------------------------------------------------------------------

local ASK_OPTIONS = { timeout = true, from = true, pass = true }
local TYPES = { message = true, app_mention = true }
-- Messages of people; edits, deletions and notices are none.
local SUBTYPES = { file_share = true, me_message = true, thread_broadcast = true }

local function is_direct(id)
  return type(id) == "string" and id:find "^D" ~= nil
end

-- What the question will be younger than: its trigger, or a minute ago, as clocks differ.
local function ts_before(c)
  return c.kind == "event" and c.message_ts or ("%d.000000"):format(loop.time() // 1 - 60)
end

-- Whether it may turn out to be an answer once the question has been posted.
local function may_answer(wait, c)
  local channel_id, thread_ts = wait.channel_id, place.thread_of(c)
  if c.channel_id ~= channel_id and (channel_id or not is_direct(c.channel_id)) then
    return false
  elseif wait.thread_ts then
    return thread_ts == wait.thread_ts
  end
  return thread_ts == nil or thread_ts > wait.asked_ts
end

local function answers(wait, c)
  local event = c.payload
  local subtype = present(event.subtype)
  if not TYPES[event.type] or subtype and not SUBTYPES[subtype]
    or present(event.bot_id) ~= nil or not wait_options.is_from(wait, c) then
    return nil
  elseif type(event.ts) ~= "string" or event.ts <= wait.asked_ts then
    return nil -- said before
  elseif wait.early then
    return may_answer(wait, c) and 1 or nil
  end
  return place.rank(wait, c)
end

local function take_early(wait, c)
  if not answers(wait, c) then
    Waits.give_back(c)
  elseif not Waits.hold(wait, c) then
    Waits.take(wait, wait.pass and c:_fork() or c)
    if wait.pass then
      Waits.give_back(c)
    end
  end
end

-- The question has been posted: what came meanwhile may be the answer.
local function begin(wait, message)
  local early = wait.early
  wait.early, wait.asked_ts, wait.channel_id = nil, message.ts, message.channel
  wait.thread_ts = message.thread_ts
  wait.root_ts = not message.thread_ts and message.ts or nil
  for _, c in ipairs(early) do
    take_early(wait, c)
  end
end

local function pose(wait, arguments)
  local posted, err = posting.post(wait.c, arguments, "c:ask")
  if not posted then
    return nil, err
  end
  begin(wait, posted)
  return true
end

-- What was said, without the name of the bot that it was said to.
local function as_answer(c, why)
  if not c then
    return nil, why
  end
  c.text = mention.text(c) or c.text or ""
  c.message = c.payload
  return c
end

local function new_question(c, arguments, options)
  local channel_id = arguments.channel
  if wait_options.is_person(channel_id) then
    channel_id = nil -- it is known when the question has been posted
  end
  local wait = {
    c = c, kind = "event", test = answers, early = {}, asked_ts = ts_before(c),
    pass = options.pass and true or nil,
    channel_id = channel_id, has_channel = channel_id and true, thread_ts = arguments.thread_ts,
  }
  local ok, problem = wait_options.add_person(wait, options.from, arguments.channel)
  return ok and wait, problem
end

local function read_ask(c, arguments, options)
  if type(options) ~= "table" then
    return nil, "options: a table expected, got " .. type(options)
  end
  for name in pairs(ASK_OPTIONS) do
    if arguments[name] ~= nil then
      return nil, ("%s: it belongs in a second table: c:ask(message, { %s = … })")
        :format(name, name)
    end
  end
  local ok, problem = wait_options.check_names(options, ASK_OPTIONS)
  if not ok then
    return nil, problem
  end
  place.aim(c, arguments)
  return new_question(c, arguments, options)
end

---Posts a question as c:say does, and waits for this person's next message here: in the
---thread of the question, or, unless that stands in a thread itself, beside it in the
---channel. Edits, messages of bots and of others are no answers. In a direct message of
---the bot with somebody else (channel = "U…") that person is asked. No listener gets
---the answer, unless pass = true.
---@async
---@param message string|table
---@param options? { timeout?: number|false, from?: string|string[], pass?: boolean } 600 seconds,
---  false: as long as it takes; from = "anyone": whoever answers first
---@return slack.Context? answer answer.text is what was said; nil, "timeout"
---@return slack.Error|"timeout"|nil err of the posting
function methods:ask(message, options)
  check_self(self, "ask")
  local arguments = Message.arguments(message, "c:ask", 2)
  local question, problem = read_ask(self, arguments, options or {})
  local timeout
  if question then
    timeout, problem = wait_options.timeout(options and options.timeout, TIMEOUT)
  end
  if problem then
    error("c:ask: " .. problem, 2)
  end
  local wait <close> = Wait.new(question)
  wait:await_told()
  local ok, err = pose(wait, arguments)
  if not ok then
    return told(self, "c:ask", nil, err)
  end
  -- Nobody needs them while it waits.
  arguments, message, options = nil, nil, nil -- luacheck: ignore 311 (kept alive by the stack)
  return as_answer(wait:await(timeout))
end

-- c:choose ---------------------------------------------------------------------------------

---Posts a message with a button for each choice (a menu when they are more than 25), waits
---for this person to take one, and replaces the buttons by what came of it. Others who
---click are told that they cannot. When the time is over the buttons go too.
---@async
---@param options slack.ChooseOptions
---@return any? value of the choice: its text, unless it has a value; nil, "timeout"
---@return slack.Context|slack.Error|"timeout"|nil c of the click; err of the posting
function methods:choose(options)
  check_self(self, "choose")
  local wait, timeout, problem = choices.read(self, options)
  if not wait then
    error("c:choose: " .. problem, 2)
  end
  local choice, more = choices.choose(self, options, wait, timeout)
  if not choice then
    return told_unless_late(self, "c:choose", more)
  end
  return choice.value, more
end

-- c:form -----------------------------------------------------------------------------------

---Opens a modal for the person whose click or command this is, within three seconds of it.
---`for submission in form:submissions() do` waits for each submission: submission.values,
---submission:reject { NAME = text }, else it is accepted when the loop goes on or ends.
---@async
---@param view table as for c:open; type "modal" may be left out
---@param options? { timeout?: number|false } 3600 seconds between two submissions; false: as
---  long as it takes
---@return slack.FormConversation? form
---@return slack.Error? err
function methods:form(view, options)
  check_self(self, "form")
  local timeout, problem = forms.read(view, options)
  if problem then
    error("c:form: " .. problem, 2)
  end
  return forms.open(self, view, timeout)
end

return { methods = methods }
