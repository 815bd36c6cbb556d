-- An app without a network: requests are handed to its dispatch, acks and Web API
-- calls are written down.

local App = require "slack.app"
local errors = require "slack.errors"
local loop = require "slack.loop"
local options = require "slack.options"

local M = {}

M.TOKENS = { token = "xoxb-1-offline", app_token = "xapp-1-offline" }

-- A request as a transport makes it, that remembers how it was answered.
local Request = {}
Request.__index = Request

function Request:ack(text)
  if text and #text >= 20480 then
    return nil, errors.new { code = "too_large", message = "too large", limit = 20480 }
  end
  self.answers[#self.answers + 1] = text or "empty"
  return true
end

function Request:refuse(why)
  self.refused, self.refused_as = true, why
end

local function new_request(body, given)
  local request = { body = body, answers = {} }
  for name, value in pairs(given or {}) do
    request[name] = value
  end
  return setmetatable(request, Request)
end

---Lets tasks go on until all of them wait for something that is outside.
function M.settle()
  for _ = 1, 6 do
    loop.step(0)
  end
end

-- A client that answers every method with ok, or with what `answers` has for it: an
-- error, or a function of the arguments and the token. What is not for programs it has of a
-- real one: response URLs are posted to in its name.
local function new_client(real, calls, answers, own_token)
  local client = {}
  local function call(name, arguments)
    calls[#calls + 1] = { method = name, arguments = arguments, token = own_token }
    local answer = answers[name]
    if type(answer) == "function" then
      return answer(arguments, own_token)
    elseif type(answer) == "table" and answer.code then
      return nil, answer
    end
    return { ok = true, ts = "1700000000.000100", channel = arguments and arguments.channel }
  end
  local function method(name)
    return setmetatable({}, {
      __index = function(_, child) return method(name .. "." .. child) end,
      __call = function(_, arguments)
        local answer, err = call(name, arguments)
        local on_refusal = rawget(client, "_on_refusal")
        if err and on_refusal then
          on_refusal(err.code)
        end
        return answer, err
      end,
    })
  end
  client.with_token = function(_, token)
    calls[#calls + 1] = { method = "with_token", arguments = token }
    return new_client(real, calls, answers, token)
  end
  client.stats = function()
    return real:stats()
  end
  return setmetatable(client, {
    __index = function(_, name)
      if name:find "^_" then
        return real[name]
      end
      return method(name)
    end,
  })
end

---@class spec.OfflineApp
---@field app slack.App
---@field lines string[] of the log
---@field calls table[] of the Web API
---@field answers table<string, slack.Error>

---@param given? table options of the app, token = false for none; now: a clock
---@return spec.OfflineApp
function M.new(given, now)
  local self = { lines = {}, calls = {}, answers = {} }
  local all = {
    token = M.TOKENS.token, app_token = M.TOKENS.app_token,
    log = { level = "debug", sink = function(line) table.insert(self.lines, line) end },
  }
  for name, value in pairs(given or {}) do
    all[name] = value
  end
  all.token = all.token or nil
  self.app = assert(App.new(assert(options.read(all))))
  self.app.client = new_client(self.app.client, self.calls, self.answers)
  self.app.identity = all.token
    and { user_id = "U05BOTUSR01", bot_user_id = "U05BOTUSR01", bot_id = "B05BOT" }
  if now then
    self.app.dispatch.dedupe.clock, self.app.dispatch.unmatched.warnings.clock = now, now
  end
  return setmetatable(self, { __index = M })
end

local last_event = 0

---Delivers an event, acked as the socket thread does.
function M:event(event, more)
  last_event = last_event + 1
  local body = {
    type = "event_callback", team_id = "T02MOON4XYZ", event_id = "EvOffline" .. last_event,
    event = event,
  }
  for name, value in pairs(more and more.body or {}) do
    body[name] = value
  end
  local request = new_request(body, { acked = true, retry = more and more.retry })
  self.app.dispatch:request(request)
  return request
end

---Delivers a message event.
function M:message(text, more)
  local event = {
    type = "message", text = text, user = "U03ADA5K1QW", channel = "C07DEPLOY42",
    ts = "1700000001.000200", channel_type = "channel",
  }
  for name, value in pairs(more or {}) do
    event[name] = value
  end
  return self:event(event)
end

---Delivers any body whose ack is owed.
function M:deliver(body, given)
  local request = new_request(body, given)
  self.app.dispatch:request(request)
  return request
end

---Delivers a slash command.
function M:command(command, text)
  return self:deliver {
    command = command, text = text or "", user_id = "U03ADA5K1QW", channel_id = "C07DEPLOY42",
    team_id = "T02MOON4XYZ", trigger_id = "1.2",
    response_url = "https://hooks.slack.com/commands/1",
  }
end

---Delivers a click on a button of a message.
function M:click(action_id, more)
  local body = {
    type = "block_actions", user = { id = "U03ADA5K1QW" }, team = { id = "T02MOON4XYZ" },
    channel = { id = "C07DEPLOY42" }, message = { ts = "1700000001.000200" },
    container = { type = "message", message_ts = "1700000001.000200" },
    actions = { { type = "button", action_id = action_id, block_id = "b1", value = "v" } },
    trigger_id = "3.4", response_url = "https://hooks.slack.com/actions/1",
  }
  for name, value in pairs(more or {}) do
    body[name] = value
  end
  return self:deliver(body)
end

---The Web API calls of a method, in order.
---@param method string
---@return { method: string, arguments: table, token: string? }[]
function M:calls_of(method)
  local found = {}
  for _, call in ipairs(self.calls) do
    if call.method == method then
      found[#found + 1] = call
    end
  end
  return found
end

---The log as one text.
function M:log()
  return table.concat(self.lines, "\n")
end

return M
