-- Methods about the threads in which people talk with the app (protocol §11).

local arguments = require "slack.sandbox.methods.arguments"

local structure = arguments.structure

---@type table<string, slack.sandbox.Method>
local methods = {}

local MAX_LOADING_MESSAGES <const>, MAX_PROMPTS <const>, MAX_TITLE <const> = 10, 4, 200

local function refuse(text)
  return nil, "invalid_arguments", { response_metadata = { messages = { "[ERROR] " .. text } } }
end

-- A method about the thread that channel_id and thread_ts name.
local function in_thread(fn)
  return function(workspace, call)
    local args = call.args
    local channel = workspace:find_channel(tostring(args.channel_id or ""))
    if not channel then
      return nil, "channel_not_found"
    elseif not args.thread_ts then
      return refuse "missing required field: thread_ts"
    elseif not workspace.find_message(channel, tostring(args.thread_ts)) then
      return nil, "thread_not_found"
    end
    return fn(workspace:assistant_thread(channel.id, args.thread_ts), call, workspace)
  end
end

local function set_status(thread, call, workspace)
  local args = call.args
  local messages = structure(args.loading_messages)
  if type(args.status) ~= "string" then
    return refuse "missing required field: status"
  elseif messages and #messages > MAX_LOADING_MESSAGES then
    return refuse "no more than 10 items allowed [json-pointer:/loading_messages]"
  end
  workspace:set_status(thread, args.status, messages)
  return {}
end

methods["assistant.threads.setStatus"] = in_thread(set_status)

methods["assistant.threads.setTitle"] = in_thread(function(thread, call)
  if type(call.args.title) ~= "string" or call.args.title == "" then
    return refuse "missing required field: title"
  end
  thread.title = call.args.title
  return {}
end)

local function prompts_problem(prompts)
  if type(prompts) ~= "table" or #prompts == 0 then
    return "missing required field: prompts"
  elseif #prompts > MAX_PROMPTS then
    return "no more than 4 items allowed [json-pointer:/prompts]"
  end
  for i, prompt in ipairs(prompts) do
    if type(prompt) ~= "table" or type(prompt.title) ~= "string"
      or type(prompt.message) ~= "string" then
      return ("title and message are required [json-pointer:/prompts/%d]"):format(i - 1)
    end
  end
end

methods["assistant.threads.setSuggestedPrompts"] = in_thread(function(thread, call)
  local prompts = structure(call.args.prompts)
  local problem = prompts_problem(prompts)
  if problem then
    return refuse(problem)
  end
  thread.prompts, thread.prompts_title = prompts, call.args.title
  return {}
end)

-- Sessions of agents are the threads that people have opened with the app.
local function in_session(fn)
  return function(workspace, call)
    local args = call.args
    local channel = workspace:find_channel(tostring(args.channel_id or ""))
    if not channel then
      return nil, "channel_not_found"
    elseif not args.thread_ts then
      return nil, "thread_ts_required"
    end
    local thread = workspace.threads[channel.id .. ":" .. args.thread_ts]
    if not thread or not thread.is_session then
      return nil, "session_not_found"
    end
    return fn(thread, call, workspace)
  end
end

methods["agents.sessions.setStatus"] = in_session(set_status)

methods["agents.sessions.rename"] = in_session(function(thread, call, workspace)
  local title = call.args.title
  local length = type(title) == "string" and utf8.len(title) or 0
  if length < 1 or length > MAX_TITLE then
    return refuse "title must have 1 to 200 characters"
  end
  workspace:rename_session(thread, title)
  return {}
end)

return methods
