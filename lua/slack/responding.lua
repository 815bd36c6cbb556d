-- A context's answer through the response URL that came with a command or an interaction.

local Message = require "slack.message"
local ResponseUrl = require "slack.response_url"
local block_json = require "slack.blocks.json"
local calls = require "slack.context_calls"
local errors = require "slack.errors"
local hooks = require "slack.web_api.hooks"
local json = require "slack.json"
local loop = require "slack.loop"
local refusals = require "slack.blocks.refusals"
local retry = require "slack.retry"
local tap = require "slack.tap"

local check_self, told = calls.check_self, calls.told

---@class slack.Context
local methods = {}

local function no_url(message)
  return nil, errors.new { code = "no_response_url", message = "c:respond: " .. message }
end

local function place_text(place)
  return ("%s of block %s"):format(tostring(place.action_id), tostring(place.block_id))
end

-- That of a view's submission whose menu is named.
local function url_of_menu(c, block_id, action_id)
  local there = {}
  for i, place in ipairs(c.response_urls or {}) do
    if (not block_id or place.block_id == block_id)
        and (not action_id or place.action_id == action_id) then
      return place.response_url
    end
    there[i] = place_text(place)
  end
  return no_url(("no menu %s has a response URL; there are: %s"):format(
    place_text { block_id = block_id or "any", action_id = action_id or "any" },
    there[1] and table.concat(there, ", ") or "none, see response_url_enabled"))
end

-- Takes what chooses the URL out of the message.
local function choose_url(c, arguments)
  local block_id, action_id = arguments.block_id, arguments.action_id
  if block_id or action_id then
    arguments.block_id, arguments.action_id = nil, nil
    return url_of_menu(c, block_id, action_id)
  elseif not c.response_url then
    return no_url("this " .. c.kind .. " came without a response URL: use c:say")
  end
  return c.response_url
end

-- The counter of a URL is the same for all who answer one request.
local function counter_of(c, url)
  local request = c.request
  local counters = request.response_counters
  if not counters then
    counters = {}
    request.response_counters = counters
  end
  counters[url] = counters[url] or ResponseUrl.new(url, request.received, loop.now)
  return counters[url]
end

local function post_response(c, url, text)
  local counter = counter_of(c, url)
  local ok, used_up = counter:take()
  if not ok then
    return nil, used_up
  end
  local app, began = c.app, loop.now()
  local done, err = hooks.post {
    who = "c:respond", name = "response URL", url = url, body = text, net = app.net,
    timeout = app.settings.timeout, retries = retry.policy(app.settings.retries),
    max_wait = counter:seconds_left(), is_paced = false, log = app.log,
  }
  if app.tap then
    tap.responded(c, json.decode(text), loop.now() - began, done, err)
  end
  if done then
    return true
  elseif not err.status or err.status == 429 or err.status >= 500 then
    counter:give_back()
  end
  return nil, refusals.explain(err, json.decode(text))
end

---Answers through the response URL of a command or an interaction, for 30 minutes and at
---most five times, which are counted here. Works where the bot is no member. Seen by the
---person alone unless response_type is "in_channel"; replace_original and delete_original
---change the message of a click. After the submission of a view it goes where the first
---menu with response_url_enabled says, or the one that block_id and action_id name.
---@async
---@param content string|table
---@return true? ok
---@return slack.Error? err with status; code "response_url_used_up", "response_url_expired" or
---  "no_response_url" when nothing was sent
function methods:respond(content)
  check_self(self, "respond")
  local arguments = Message.arguments(content, "c:respond", 2)
  local url, err = choose_url(self, arguments)
  local text, problem = block_json.encode(arguments)
  if not text then
    error("c:respond: " .. problem, 2)
  elseif not url then
    return told(self, "c:respond", nil, err)
  end
  return told(self, "c:respond", post_response(self, url, text))
end

return { methods = methods }
