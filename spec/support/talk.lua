-- Conversations with an offline app: what people say and click, and what the bot has sent.

local Offline = require "support.offline_app"
local loop = require "slack.loop"

local M = {}
M.__index = M

M.ADA, M.GRACE = "U03ADA5K1QW", "U04GRACE5BX"
M.GENERAL, M.RANDOM = "C07DEPLOY42", "C08RANDOM77"

local last = 0

-- Later than all before it, and than what the bot has posted.
local function new_ts()
  last = last + 1
  return ("1700000100.%06d"):format(last)
end

---@class spec.Talk
---@field offline spec.OfflineApp
---@field app slack.App

---@param options? table of the app
---@return spec.Talk
function M.new(options)
  local self = setmetatable({ offline = Offline.new(options) }, M)
  self.app = self.offline.app
  self.offline.answers["chat.postMessage"] = function(arguments)
    local channel = arguments.channel
    return {
      ok = true, ts = new_ts(), channel = channel:find "^U" and "D" .. channel or channel,
      message = arguments,
    }
  end
  return self
end

---Lets all go on that can.
function M.settle()
  for _ = 1, 12 do
    loop.step(0)
  end
end

---Somebody says something.
---@param text string
---@param more? table fields of the event
---@return table request
function M:say(text, more)
  local event = {
    type = "message", text = text, user = M.ADA, channel = M.GENERAL, ts = new_ts(),
    channel_type = "channel",
  }
  for name, value in pairs(more or {}) do
    event[name] = value
  end
  local body = event.body
  event.body = nil
  local request = self.offline:event(event, { body = body })
  M.settle()
  return request, event
end

---What was asked of a method.
---@param method string
---@return table[]
function M:called(method)
  local found = {}
  for _, call in ipairs(self.offline.calls) do
    if call.method == method then
      found[#found + 1] = call.arguments
    end
  end
  return found
end

---The texts that the bot has posted.
---@return string[]
function M:posted()
  local texts = {}
  for i, arguments in ipairs(self:called "chat.postMessage") do
    texts[i] = arguments.text
  end
  return texts
end

M.new_ts = new_ts

return M
