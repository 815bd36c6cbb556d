-- What a program should hear before Slack gets its call: names that are almost right,
-- arguments that are missing, methods that are going away. A line in the log, once for each
-- kind, and never a refusal: Slack alone knows what it takes today.

local arguments = require "slack.web_api.arguments"
local methods = require "slack.web_api.methods"
local near_miss = require "slack.near_miss"

-- They carry a text of their own for notifications and screen readers.
local POSTS = {
  ["chat.postMessage"] = true, ["chat.postEphemeral"] = true, ["chat.scheduleMessage"] = true,
  ["chat.update"] = true,
}
-- A whole number in one of these is no time but a ts that lost its digits.
local IDENTIFYING = { ts = true, thread_ts = true, message_ts = true }

-- Arguments of one call that are looked at: an object in their place has any number.
local MAX_ADVISED = 50
local IDS = { channel_id = true, file_id = true, user_id = true }
-- What is told to a call or a loop apart from the arguments.
local OPTIONS = {
  timeout = true, retries = true, max_wait = true, max_items = true, max_pages = true,
  prefetch = true,
}

local M = {}

local function advise_name(client, name)
  if client:_is_new("near " .. name) then
    local advice = methods.near(name)
    if advice ~= "" then
      client:_warn_once("unknown " .. name, "%s: no such method is known here%s", name, advice)
    end
  end
end

---@param client slack.Client
---@param name string of a method that the server does not know
---@param hint? string
function M.unknown_method(client, name, hint)
  client:_warn_once("unknown " .. name, "%s: no such method%s", name, hint and ": " .. hint or "")
end

local function advise_argument(client, method, name)
  if client:_is_new(method.name .. " argument " .. name) then
    local advice = OPTIONS[name] and "; it is an option: those have a table of their own behind"
      .. " the arguments" or near_miss(name, method.arguments)
    if advice ~= "" then
      client:_log():warn("%s: no argument '%s' is known here%s", method.name, name, advice)
    end
  end
end

local function advise_id(client, method, name, value)
  client:_warn_once(method.name .. " id " .. name,
    "%s: argument '%s': an id expected, got a table%s", method.name, name,
    type(value.id) == "string" and "; did you mean its field id?" or "")
end

local function advise_ts(client, method, name, number)
  if math.type(number) == "float" or IDENTIFYING[name] then
    client:_warn_once(method.name .. " ts " .. name,
      "%s: argument '%s' is a number, which loses digits: a ts is text, as \"1712345678.123400\"",
      method.name, name)
  end
end

local function lacks_fallback(attachments)
  for _, attachment in ipairs(type(attachments) == "table" and attachments or {}) do
    if type(attachment) == "table" and (attachment.fallback or "") == "" then
      return true
    end
  end
  return false
end

local function advise_text(client, method, args)
  local text = args.text or args.markdown_text
  if text ~= nil and text ~= "" then
    return
  elseif args.blocks ~= nil or lacks_fallback(args.attachments) then
    client:_warn_once(method.name .. " text",
      "%s: a message with blocks and no text: notifications and screen readers have nothing"
      .. " to tell; give it the argument 'text' too", method.name)
  end
end

local function advise_status(client, method)
  client:_warn_once("status " .. method.name, "%s: Slack has %s this method%s", method.name,
    method.status, methods.instead(method.name, method))
end

---@param client slack.Client
---@param name string of the method
---@param args table<string, any> of which some text is no UTF-8
function M.broken_text(client, name, args)
  local text = arguments.broken_text(args)
  client:_warn_once(name .. text:gsub("%d+", "0"), "%s: %s, which is all that Slack reads",
    name, text)
end

local function advise_arguments(client, method, args)
  local known = method.arguments
  local count = 0
  for argument, value in next, args do
    count = count + 1
    local kind, lua_type = known[argument], type(value)
    if count > MAX_ADVISED then
      break
    elseif lua_type == "number" and arguments.is_ts(argument, kind) then
      advise_ts(client, method, argument, value)
    elseif lua_type == "table" and IDS[kind] then
      advise_id(client, method, argument, value)
    elseif not kind and argument ~= "token" then
      advise_argument(client, method, argument)
    end
  end
end

---@param client slack.Client
---@param name string of the method
---@param method? slack.Method as the method table has it
---@param args table<string, any>
---@param is_plain? boolean all of them are texts, which the method has by these names
function M.give(client, name, method, args, is_plain)
  if not method then
    return advise_name(client, name)
  end
  local required = method.required
  for i = 1, #required do
    if args[required[i]] == nil then
      client:_warn_once(name .. " lacks " .. required[i],
        "%s: argument '%s' is missing, which Slack requires", name, required[i])
    end
  end
  if not is_plain then
    advise_arguments(client, method, args)
  end
  if POSTS[name] then
    advise_text(client, method, args)
  end
  if method.status == "deprecated" or method.status == "removed" then
    advise_status(client, method)
  end
end

return M
