-- The local Slack's side of the HTTP transport: signed posts to the app's URLs,
-- what their answers mean, and how often an event is tried (protocol §3, §5, §6).

local core = require "slack.core"
local form = require "slack.form"
local json = require "slack.json"
local loop = require "slack.loop"
local signed_post = require "slack.sandbox.signed_post"
local tasks = require "slack.tasks"

local FORM = "application/x-www-form-urlencoded"
local JSON = "application/json"

local GRACE = 0.5 -- seconds, beyond those that the request itself has

-- Which of the app's URLs a payload goes to.
local OPTION_LOADS = { block_suggestion = true, dialog_suggestion = true }
-- Whose answers are JSON or empty.
local JSON_ANSWERS = { block_suggestion = true, dialog_suggestion = true, view_submission = true }

---A delivery over HTTP, with its repetitions; looks like one over Socket Mode.
---@class slack.sandbox.HttpDelivery
---@field envelope table type, payload, retry_attempt and retry_reason, as over Socket Mode
---@field attempts { url: string, at: number, status: integer?, reason: string?, detail: string? }[]
---@field acked_at number?
---@field ack any what the answer's body says; json.null when it was empty
---@field failure string? Slack's word for why the last attempt failed
---@field detail string? the same for people: "status 401, is the app's signing secret the same?"
---@field ended boolean no attempt will follow
local HttpDelivery = {}
HttpDelivery.__index = HttpDelivery
HttpDelivery.__name = "slack.sandbox.http_delivery"

---Waits for the app's answer, or until none can come any more.
---@async
---@param timeout? number seconds, 5
---@return any payload json.null when the answer was empty; nil, and why not
function HttpDelivery:await_ack(timeout)
  self.side.await(function() return self.acked_at ~= nil or self.ended end,
    timeout and timeout + GRACE)
  if self.acked_at then
    return self.ack
  end
  return nil, self.failure or "timeout"
end

---Seconds from the (first) sending to the answer.
---@return number?
function HttpDelivery:ack_time()
  return self.acked_at and self.acked_at - self.attempts[1].at
end

---@class slack.sandbox.HttpSide
---@field urls { events: string, commands: string, interactions: string, options: string }
local HttpSide = {}
HttpSide.__index = HttpSide
HttpSide.__name = "slack.sandbox.http_side"

---@class slack.sandbox.HttpSideOptions
---@field urls table
---@field ca_file? string of the app's certificate
---@field secret fun(): string the signing secret of now
---@field await fun(condition: fun(): boolean, timeout: number?): boolean
---@field changed fun() an answer has come
---@field trace slack.sandbox.Trace
---@field ack_timeout? number seconds, 3
---@field retry_delays? number[] seconds before each repetition of an event, { 0, 60, 300 }

---@param options slack.sandbox.HttpSideOptions
---@return slack.sandbox.HttpSide
function HttpSide.new(options)
  return setmetatable({
    urls = options.urls,
    ca_file = options.ca_file,
    secret = options.secret,
    await = options.await,
    changed = options.changed,
    trace = options.trace,
    ack_timeout = options.ack_timeout or 3,
    retry_delays = options.retry_delays or { 0, 60, 300 },
    running = {},
    timers = {},
  }, HttpSide)
end

-- Forms as Slack writes them: a space is a plus sign.
local function encode_form(fields)
  return (form.encode(fields):gsub("%%20", "+"))
end

-- URL, content type and body of a payload.
local function address(self, kind, payload)
  if kind == "slash_commands" then
    return self.urls.commands, FORM, encode_form(payload)
  elseif kind == "interactive" then
    local url = OPTION_LOADS[payload.type] and self.urls.options or self.urls.interactions
    return url, FORM, encode_form { payload = assert(json.encode(payload)) }
  end
  return self.urls.events, JSON, assert(json.encode(payload))
end

-- What the body of an answer says, or nil when it makes no sense.
local function decode_answer(response, payload)
  if response.body == "" then
    return json.null
  end
  local media_type = (response.headers["content-type"] or ""):match "^%s*([^;%s]*)"
  if media_type:lower() == JSON then
    return (response:json())
  end
  return not JSON_ANSWERS[payload.type] and response.body or nil
end

local function settle(self, delivery, response, reason, detail)
  local attempt = delivery.attempts[#delivery.attempts]
  local is_event = delivery.envelope.type == "events_api"
  local ack
  if not reason then
    ack = is_event and json.null or decode_answer(response, delivery.envelope.payload)
    if ack == nil then
      reason, detail = "invalid_response", "its answer is neither empty nor JSON"
    end
  end
  attempt.status, attempt.reason, attempt.detail = response and response.status, reason, detail
  delivery.failure, delivery.detail = reason, detail
  if not reason then
    delivery.acked_at, delivery.ack = attempt.at + response.seconds, ack
    delivery.ended = true
  elseif not is_event or response and response.headers["x-slack-no-retry"] == "1" then
    delivery.ended = true
  else
    self:plan_retry(delivery, reason)
  end
  self.trace:settled(delivery.record, {
    seconds = response and response.seconds or core.monotonic() - attempt.at,
    status = attempt.status, error = reason, text = response and response.body,
  })
  self.changed()
end

function HttpSide:plan_retry(delivery, reason)
  local envelope = delivery.envelope
  local delay = self.retry_delays[envelope.retry_attempt + 1]
  if not delay then
    delivery.ended = true
    return
  end
  local timer
  timer = loop.after(delay, function()
    self.timers[timer] = nil
    envelope.retry_attempt = envelope.retry_attempt + 1
    envelope.retry_reason = reason
    self:send(delivery)
  end)
  self.timers[timer] = true
end

local function attempt(self, delivery)
  local envelope = delivery.envelope
  local is_repeated = (envelope.retry_attempt or 0) > 0
  table.insert(delivery.attempts, { url = delivery.url, at = core.monotonic() })
  delivery.record = self.trace:deliver("http", envelope, assert(json.encode(envelope)))
  settle(self, delivery, signed_post {
    url = delivery.url,
    secret = self.secret(),
    content_type = delivery.content_type,
    body = delivery.body,
    retry_number = is_repeated and envelope.retry_attempt or nil,
    retry_reason = envelope.retry_reason,
    timeout = delivery.timeout,
    ca_file = self.ca_file,
  })
  self.running[tasks.current()] = nil
end

-- Attempts run beside each other, as the deliveries of the real one do.
function HttpSide:send(delivery)
  local task = tasks.spawn(attempt, self, delivery)
  if not task:is_done() then
    self.running[task] = true
  end
end

---Delivers a payload; an event whose answer is no 2xx is delivered again.
---@param kind "events_api"|"interactive"|"slash_commands"|string
---@param payload table
---@param options? slack.sandbox.DeliveryOptions timeout: seconds for the answer
---@return slack.sandbox.HttpDelivery
function HttpSide:deliver(kind, payload, options)
  local url, content_type, body = address(self, kind, payload)
  local delivery = setmetatable({
    side = self,
    url = url,
    content_type = content_type,
    body = body,
    timeout = options and options.timeout or self.ack_timeout,
    attempts = {},
    ended = false,
    envelope = { type = kind, payload = payload },
  }, HttpDelivery)
  if kind == "events_api" then
    delivery.envelope.retry_attempt = options and options.retry or 0
    delivery.envelope.retry_reason = options and options.retry and "http_timeout" or ""
  end
  if url then
    self:send(delivery)
  else -- as an app without such a Request URL gets none
    delivery.ended, delivery.failure = true, "no_request_url"
    self.trace:kept(delivery.envelope, "not sent: the app has no Request URL for it")
    delivery.detail = "deliver_over_http names no URL for it"
  end
  return delivery
end

---Ends what is under way: nothing is sent or answered any more.
function HttpSide:stop()
  for timer in pairs(self.timers) do
    timer:cancel()
  end
  for task in pairs(self.running) do
    task:cancel()
  end
  self.timers, self.running = {}, {}
end

return HttpSide
