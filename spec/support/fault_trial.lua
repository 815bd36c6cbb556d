-- An app behind a relay that spoils its connections while events come: each of them must be
-- handled once in the end, the app must be connected again, and its log must say what it was.
local FaultProxy = require "support.fault_proxy"
local assert = require "luassert"
local live = require "support.live_app"
local tasks = require "slack.tasks"

local M = {}

-- Of the app; short, as a spec does not wait for what a person would.
local TIMINGS <const> = {
  ping_interval = 0.1, pong_timeout = 0.4, open_timeout = 0.5, hello_timeout = 0.4,
  backoff_first = 0.05, backoff_maximum = 0.3,
}
-- Of the local Slack, which repeats events for as long as it takes.
local ACK_TIMEOUT <const>, RETRY_DELAY <const>, MOST_RETRIES <const> = 0.5, 0.2, 500
local PAUSE <const> = 0.01 -- seconds between two events

local Trial = {}
Trial.__index = Trial

---Sends so many events, one after the other.
---@async
---@param count integer
function Trial:send(count)
  for _ = 1, count do
    self.sent = self.sent + 1
    self.here:deliver_event {
      type = "app_mention", user = "U0FAULT", channel = "C0FAULT", ts = "1.1",
      text = tostring(self.sent), padding = ("x"):rep(600),
    }
    tasks.sleep(PAUSE)
  end
end

---How many lines of the app's log match, of warnings and errors alone.
---@param pattern string
---@return integer
function Trial:warnings(pattern)
  local count = 0
  for _, line in ipairs(self.lines) do
    if (line:find " WARN " or line:find " ERROR ") and line:find(pattern) then
      count = count + 1
    end
  end
  return count
end

---Waits for such a warning.
---@async
---@param pattern string
function Trial:wait_warning(pattern)
  live.wait(function() return self:warnings(pattern) > 0 end)
end

---Waits until connections have pinged some times, so that their peer is known to answer.
---@async
function Trial:wait_pings()
  live.wait(function() return self.app:stats().socket_mode.pings_sent >= 8 end)
end

---Waits until so many connections have been ready, the first ones included.
---@async
---@param count integer
function Trial:wait_ready(count)
  live.wait(function()
    local ready = 0
    for _, line in ipairs(self.lines) do
      ready = ready + (line:find "connection %d+ is ready" and 1 or 0)
    end
    return ready >= count
  end)
end

-- All that was sent was handled, each event once, by an app that is connected.
local function check(self)
  live.wait(function() return self.handled >= self.sent end)
  for number = 1, self.sent do
    assert.equal(1, self.times[number], "event " .. number)
  end
  assert.truthy(#self.here:connections() > 0)
end

---Runs fn(trial) on an app under events: trial.relay spoils the network, trial.here is its
---Slack, trial:send(count) sends events. More of them go before it, and after it.
---@param fn fun(trial: table)
---@param options? { app: table?, slack: table?, timings: table?, prepare: function? } prepare:
---  gets the local Slack and the app's options before there is an app
function M.run(fn, options)
  options = options or {}
  local slack = { ack_timeout = ACK_TIMEOUT, retry_delays = {} }
  for i = 1, MOST_RETRIES do
    slack.retry_delays[i] = RETRY_DELAY
  end
  for name, value in pairs(options.slack or {}) do
    slack[name] = value
  end
  live.run(function(here, new_app, lines)
    local relay <close> = FaultProxy.before(here)
    local self = setmetatable({
      here = here, relay = relay, lines = lines, sent = 0, handled = 0, times = {},
    }, Trial)
    local timings = {}
    for _, given in ipairs { TIMINGS, options.timings or {} } do
      for name, value in pairs(given) do
        timings[name] = value
      end
    end
    local settings = { api_url = here.api_url, socket_mode = timings }
    for name, value in pairs(options.app or {}) do
      settings[name] = value
    end
    if options.prepare then
      options.prepare(here, settings)
    end
    self.app = new_app(settings)
    self.app:event("app_mention", function(c)
      local number = math.tointeger(c.event.text)
      self.times[number] = (self.times[number] or 0) + 1
      self.handled = self.handled + 1
    end)
    live.start(here, self.app)
    self:send(5)
    fn(self)
    self:send(5)
    check(self)
  end, slack)
end

return M
