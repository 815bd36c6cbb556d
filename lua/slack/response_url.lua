-- A response URL, and how often it may be used still: Slack takes five posts to each within
-- thirty minutes of the payload that it came with. What would be in vain is not sent.

local errors = require "slack.errors"

local MAX_USES = 5
local LIFE = 30 * 60 -- seconds

---@class slack.ResponseUrl
---@field url string a secret
---@field since number when it came
---@field uses integer
---@field clock fun(): number seconds
local ResponseUrl = {}
ResponseUrl.__index = ResponseUrl
ResponseUrl.__name = "slack.response_url"

---@param url string
---@param since? number nil: now
---@param clock fun(): number
---@return slack.ResponseUrl
function ResponseUrl.new(url, since, clock)
  return setmetatable({ url = url, since = since or clock(), uses = 0, clock = clock }, ResponseUrl)
end

---Counts a use that begins.
---@return true? ok
---@return slack.Error? err code "response_url_used_up" or "response_url_expired"
function ResponseUrl:take()
  if self.clock() - self.since >= LIFE then
    return nil, errors.new {
      code = "response_url_expired",
      message = ("c:respond: its response URL has expired: Slack takes posts for %d minutes; use "
        .. "c:say"):format(LIFE // 60),
    }
  elseif self.uses >= MAX_USES then
    return nil, errors.new {
      code = "response_url_used_up",
      message = ("c:respond: its response URL is used up: Slack takes %d posts; use c:say")
        :format(MAX_USES),
    }
  end
  self.uses = self.uses + 1
  return true
end

---@return number
function ResponseUrl:seconds_left()
  return math.max(0, self.since + LIFE - self.clock())
end

---A use that did not reach Slack, or that it could not take, is none.
function ResponseUrl:give_back()
  self.uses = self.uses - 1
end

return ResponseUrl
