-- One request of the local Slack to the app: signed, timed, with up to two
-- redirects followed (protocol §3.1, §4).

local core = require "slack.core"
local http = require "slack.http"

local USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
local MAX_REDIRECTS = 2

local REDIRECTS = { [301] = true, [302] = true, [307] = true, [308] = true }

-- Slack's words for what kept a delivery from its answer.
local REASONS = {
  timeout = "http_timeout",
  dns = "connection_failed",
  connection = "connection_failed",
  interrupted = "connection_failed",
  tls = "ssl_error",
}

---@class slack.sandbox.SignedPost
---@field url string
---@field method? string "POST"
---@field secret? string nil: not signed
---@field content_type? string
---@field body? string
---@field retry_number? integer
---@field retry_reason? string
---@field timeout number seconds, redirects included
---@field ca_file? string

-- What a bot of ours means by them.
local STATUSES = {
  [400] = "it could not be read",
  [401] = "is the app's signing secret the same?",
  [404] = "is the path the right one, and is there a listener for it?",
  [500] = "a handler failed; see the app's log",
  [503] = "the app is busy, starting or stopping",
}

local function status_in_words(status)
  local meaning = STATUSES[status]
  return ("status %d%s"):format(status, meaning and ", " .. meaning or "")
end

local function headers_of(post)
  local headers = { "User-Agent", USER_AGENT, "Accept", "*/*" }
  local function add(name, value)
    table.insert(headers, name)
    table.insert(headers, value)
  end
  if post.content_type then
    add("Content-Type", post.content_type)
  end
  if post.secret then
    local timestamp = tostring(os.time())
    add("X-Slack-Request-Timestamp", timestamp)
    add("X-Slack-Signature", core.sign(post.secret, timestamp, post.body))
  end
  if post.retry_number then
    add("X-Slack-Retry-Num", tostring(post.retry_number))
    add("X-Slack-Retry-Reason", post.retry_reason)
  end
  return headers
end

---Posts and waits for the answer.
---@async
---@param post slack.sandbox.SignedPost
---@return slack.Response? response whatever its status; nil when none came
---@return string? reason Slack's word for why not, or for a status outside of 2xx
---@return string? detail the same for people who look for the cause
local function signed_post(post)
  local net, err = http.net { ca_file = post.ca_file, proxy = "" }
  if not net then
    return nil, "ssl_error", tostring(err)
  end
  local url, left = post.url, post.timeout
  for _ = 0, MAX_REDIRECTS do
    local response, failure = http.request {
      method = post.method or "POST", url = url, headers = headers_of(post), body = post.body,
      net = net, timeout = left, urgent = true,
    }
    if not response then
      return nil, REASONS[failure.code] or "unknown_error", failure.message
    elseif not (REDIRECTS[response.status] and response.redirect) then
      if response.ok then
        return response
      end
      return response, "http_error", status_in_words(response.status)
    end
    url, left = response.redirect, math.max(left - response.seconds, 0.001)
  end
  return nil, "too_many_redirects", "it was led on more than twice"
end

return signed_post
