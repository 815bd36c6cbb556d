-- One fault done to one client under a steady stream of events, between a local Slack and a
-- relay of its own; what came of it is the last line of the output, as JSON.
--   lua5.4 trial.lua FAULT CLIENT
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path
package.cpath = (os.getenv "SLACK_CORE_DIR" or "build") .. "/?.so;" .. package.cpath

local FaultProxy = require "support.fault_proxy"
local OwnNetwork = require "support.own_network"
local certificates = require "faults.certificates"
local clients = require "faults.clients"
local core = require "slack.core"
local faults = require "faults.faults"
local files = require "support.files"
local json = require "slack.json"
local proxies = require "support.proxies"
local sandbox = require "slack.sandbox"
local tasks = require "slack.tasks"

local RATE <const> = tonumber(os.getenv "FAULTS_RATE" or 50) -- events a second
local CALM <const> = 5 -- seconds before the fault
local SETTLE <const> = 12 -- seconds of events after its end, at least
local LONGEST <const> = 45 -- seconds that an app has to be back, after its end
local LAST_RETRY <const> = 375 -- seconds in which Slack repeats what it has no ack of
local START <const> = 60 -- seconds that an app has to connect first
local PADDING <const> = ("x"):rep(900)

local Trial = {}
Trial.__index = Trial

function Trial:__close()
  for _, part in ipairs { "program", "network", "relay", "here" } do
    if self[part] then
      getmetatable(self[part]).__close(self[part])
    end
  end
end

local function start(self, fault, client)
  self.here = assert(sandbox.start {
    most_calls = 10, certificate = { names = "DNS:localhost,DNS:" .. OwnNetwork.NAME },
  })
  self.certificates = certificates(self.here)
  self.relay = FaultProxy.before(self.here, fault.needs_network and "0.0.0.0" or nil)
  if fault.needs_network then
    self.network = OwnNetwork.start()
    proxies.move(self.here, OwnNetwork.NAME)
  end
  self.program = clients[client].start({
    api_url = self.here.api_url, token = self.here.bot_token, app_token = self.here.app_token,
    ca_file = self.certificates.bundle,
  }, self.network and self.network:app_words() or "")
  assert(self.here:wait_connections(clients[client].connections, START), self.program:output())
end

-- Sends events until it is told to stop, at their rate whatever else takes time.
function Trial:stream()
  local began, first = core.monotonic(), self.count
  while not self.is_over do
    while self.count - first < (core.monotonic() - began) * RATE do
      self.count = self.count + 1
      local event = {
        type = "app_mention", user = "U0FAULTS", channel = "C0FAULTS", ts = "1.1",
        text = tostring(self.count), padding = PADDING,
      }
      local number, at = self.count, core.monotonic()
      self.sent[number] = { at = at, delivery = self.here:deliver_event(event) }
    end
    tasks.sleep(0.5 / RATE)
  end
end

-- What the app has written, as { at, what, text }.
function Trial:lines()
  local lines = {}
  for at, what, text in self.program:output():gmatch "([%d.]+) (%l+) ([^\n]*)\n" do
    table.insert(lines, { at = tonumber(at), what = what, text = text })
  end
  return lines
end

-- When the first event was handled, and Slack had its ack, that had been sent after that.
function Trial:back_after(time)
  local back
  for _, line in ipairs(self:lines()) do
    local number = line.what == "handled" and math.tointeger(line.text)
    local sent = number and self.sent[number]
    if sent and sent.at > time and sent.delivery.acked_at then
      back = math.min(back or math.huge, math.max(line.at, sent.delivery.acked_at))
    end
  end
  return back
end

local function wait(seconds, condition)
  local deadline = core.monotonic() + seconds
  while core.monotonic() < deadline and not condition() do
    tasks.sleep(0.25)
  end
end

function Trial:all_acked()
  return next(self.here.socket.deliveries) == nil
end

-- Until when something is repeated: an event that no repetition has brought is lost.
function Trial:finish()
  wait(LAST_RETRY, function() return self:all_acked() end)
  tasks.sleep(0.5)
end

local function tally(self, began, since)
  local times, notices, detected = {}, 0, nil
  for _, line in ipairs(self:lines()) do
    if line.what == "handled" then
      local number = math.tointeger(line.text)
      times[number] = (times[number] or 0) + 1
    elseif line.what == "noticed" and line.at >= began then
      detected = detected or line.at
      notices = notices + 1
    end
  end
  local lost, doubled = 0, 0
  for number = 1, self.count do
    lost = lost + (times[number] and 0 or 1)
    doubled = doubled + (times[number] and times[number] > 1 and 1 or 0)
  end
  local back = self:back_after(since)
  return {
    detect = detected and detected - began or nil, recover = back and back - since or nil,
    lost = lost, doubled = doubled, sent = self.count, notices = notices,
  }
end

local function run(fault, client)
  local self <close> = setmetatable({ sent = {}, count = 0 }, Trial)
  start(self, fault, client)
  local streaming = tasks.spawn(self.stream, self)
  tasks.sleep(CALM + math.random() * 3)
  local began = core.monotonic()
  fault.strike(self)
  local since = core.monotonic()
  wait(LONGEST, function() return self:back_after(since) end)
  if not fault.lasts and fault.heal then
    fault.heal(self)
  end
  tasks.sleep(SETTLE)
  self.is_over = true
  streaming:join()
  self:finish()
  local result = tally(self, began, since)
  files.write(os.getenv "FAULTS_LOG" or "/dev/null", self.program:output())
  return result
end

local name, client = arg[1], arg[2]
local result = tasks.run(run, faults.find(name), client)
print(json.encode(result))
