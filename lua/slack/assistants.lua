-- A context's part for threads in which people talk with the app: status, title, prompts,
-- and what the person looks at meanwhile.

local ThreadContexts = require "slack.thread_contexts"
local calls = require "slack.context_calls"
local errors = require "slack.errors"
local merged = require "slack.merged"
local payload = require "slack.payload"

local check_self, told = calls.check_self, calls.told
local as_table, text_of = payload.as_table, payload.text_of

local MAX_PROMPTS <const>, MAX_LOADING_MESSAGES <const> = 4, 10
local CHANNEL_TYPE <const>, MESSAGE_TYPE <const> =
  "slack#/types/channel_id", "slack#/types/message_context"

---@class slack.Context
---@field thread_context slack.ThreadContext what the person looks at who talks with the
---  assistant; asks where it is kept, when first read
---@field app_context? table Slack's list of it, `entities`, where the event has one
---@field thread_contexts slack.ThreadContexts where it is kept
local methods, fields = {}, {}

-- What the person looks at -------------------------------------------------------------------

function fields.app_context(c)
  local part = c.kind == "event" and c.payload or {}
  return as_table(part.app_context) or as_table(part.context)
end

function fields.thread_contexts(c)
  return ThreadContexts.default(c.app)
end

-- The channel of the newer form, if it names one.
local function from_entities(app_context)
  for _, item in ipairs(as_table(app_context.entities) or {}) do
    local entity = as_table(item) or {}
    local value = entity.type == CHANNEL_TYPE and text_of(entity.value)
      or entity.type == MESSAGE_TYPE and text_of((as_table(entity.value) or {}).channel_id)
    if value then
      return {
        channel_id = value, team_id = text_of(entity.team_id),
        enterprise_id = text_of(entity.enterprise_id),
      }
    end
  end
end

function fields.thread_context(c)
  local thread = c.kind == "event" and as_table(c.payload.assistant_thread)
  if thread then
    return ThreadContexts.plain(thread.context)
  end
  local given = c.app_context and from_entities(c.app_context)
  if given or not c.channel_id or not c.thread_ts then
    return given or {}
  end
  local context, err = c.thread_contexts:get(c)
  if err then
    c.log:warn("c.thread_context failed: %s", err)
  end
  return ThreadContexts.plain(context)
end

local function no_thread(name)
  return nil, errors.new {
    code = "no_thread", message = name .. ": the trigger stands in no thread, and begins none",
  }
end

---Keeps what the person looks at for this thread; app:assistant does so by itself.
---@async
---@param context slack.ThreadContext
---@return true? ok
---@return slack.Error? err
function methods:save_thread_context(context)
  check_self(self, "save_thread_context")
  if type(context) ~= "table" then
    error("c:save_thread_context: a table expected, got " .. type(context), 2)
  end
  self.thread_context = context
  if not self.channel_id or not self.thread_ts then
    return told(self, "c:save_thread_context", no_thread "c:save_thread_context")
  end
  return told(self, "c:save_thread_context", self.thread_contexts:save(self, context))
end

-- What stands above the thread -----------------------------------------------------------------

local function call(c, name, method, arguments)
  if arguments.channel_id == nil then
    arguments.channel_id = c.channel_id
    arguments.thread_ts = arguments.thread_ts or c.thread_ts or c.message_ts
  end
  if not arguments.channel_id or not arguments.thread_ts then
    return told(c, name, no_thread(name))
  end
  local answer, err = c.client.assistant.threads[method](arguments)
  return told(c, name, answer and true, err)
end

local function status_arguments(status, loading_messages)
  if type(status) == "table" then
    return merged(status)
  end
  return { status = status, loading_messages = loading_messages }
end

---Shows what the app does, "is thinking …" behind its name, until it posts something in
---the thread, or two minutes are over. Works in any thread.
---@async
---@param status string|table "" for none; or arguments of assistant.threads.setStatus
---@param loading_messages? string[] shown by turns, at most 10
---@return true? ok
---@return slack.Error? err
function methods:status(status, loading_messages)
  check_self(self, "status")
  local arguments = status_arguments(status, loading_messages)
  local messages = arguments.loading_messages
  if type(arguments.status) ~= "string" then
    error("c:status: a text expected, got " .. type(arguments.status), 2)
  elseif messages ~= nil and (type(messages) ~= "table" or #messages > MAX_LOADING_MESSAGES) then
    error(("c:status: loading_messages: a list of at most %d texts expected")
      :format(MAX_LOADING_MESSAGES), 2)
  end
  return call(self, "c:status", "setStatus", arguments)
end

---Names the thread, as the person sees it in the list of theirs.
---@async
---@param title string
---@return true? ok
---@return slack.Error? err
function methods:title(title)
  check_self(self, "title")
  if type(title) ~= "string" or title == "" then
    error("c:title: a text expected, got " .. (title == "" and "an empty one" or type(title)), 2)
  end
  return call(self, "c:title", "setTitle", { title = title })
end

local function prompt_of(given)
  if type(given) == "string" then
    return { title = given, message = given }
  elseif type(given) ~= "table" then
    return nil
  end
  local title, message = given.title or given[1], given.message or given[2]
  return type(title) == "string" and type(message) == "string"
    and { title = title, message = message } or nil
end

-- The list as Slack takes it, or what is wrong with it.
local function read_prompts(given)
  if type(given) ~= "table" or #given == 0 then
    return nil, "a list of prompts expected, got " .. (type(given) == "table" and "none"
      or type(given))
  elseif #given > MAX_PROMPTS then
    return nil, ("at most %d prompts expected, got %d"):format(MAX_PROMPTS, #given)
  end
  local prompts = {}
  for i, item in ipairs(given) do
    prompts[i] = prompt_of(item)
    if not prompts[i] then
      return nil, ("prompt %d: a text or { title, message } expected"):format(i)
    end
  end
  return prompts
end

---Offers the person what to say, above an empty thread.
---@async
---@param prompts table a list of texts, or of { title, message }; title: what stands above them
---@return true? ok
---@return slack.Error? err
function methods:prompts(prompts)
  check_self(self, "prompts")
  local list, problem = read_prompts(prompts)
  if not list then
    error("c:prompts: " .. problem, 2)
  end
  return call(self, "c:prompts", "setSuggestedPrompts", {
    prompts = list, title = prompts.title,
  })
end

return { methods = methods, fields = fields }
