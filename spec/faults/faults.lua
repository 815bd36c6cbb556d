-- The faults: `strike(trial)` does one, and returns when it is over if `lasts`; else `heal`, if
-- there is one, is called when the app is back. What goes through the relay: its routes are
-- `api` (the Web API) and `ws` (the WebSocket).
local OwnNetwork = require "support.own_network"
local slept = require("slack.tasks").sleep

local OUTAGE <const> = 30 -- seconds

local M = {}

local function both(trial, words, fault)
  for _, route in ipairs { "api", "ws" } do
    trial.relay:tell(route .. " " .. words, fault)
  end
end

-- What happens to the connections that are there, while new ones work.
local function old(name, fault, heals)
  table.insert(M, {
    name = name,
    strike = function(trial) trial.relay:tell("ws old", fault) end,
    heal = heals and function(trial) trial.relay:tell("ws old", "pass") end or nil,
  })
end

-- What lasts, for old and new connections.
local function lasting(name, strike, heal)
  table.insert(M, {
    name = name, lasts = true,
    strike = function(trial)
      strike(trial)
      slept(OUTAGE)
      heal(trial)
    end,
  })
end

-- The connections that are there end, and each new one does as it gets to a stage.
local function at_stage(name, route, stage, fault)
  lasting(name, function(trial)
    trial.relay:tell(("%s at %s"):format(route, stage), fault)
    trial.relay:tell("ws old", "reset")
  end, function(trial)
    both(trial, "new", "pass")
    both(trial, "old", "reset")
  end)
end

-- Slack's own refusal to open a connection.
local function refused(name, failure)
  lasting(name, function(trial)
    trial.here:fail("apps.connections.open", failure)
    trial.relay:tell("ws old", "reset")
  end, function(trial)
    trial.here:fail("apps.connections.open", nil)
  end)
end

old("connections are reset (RST)", "reset")
old("connections are closed (FIN)", "close")
old("cut in the middle of a frame", "cut down 700 close")
old("reset in the middle of a frame", "cut down 700 reset")
old("connections fall silent, half-open", "stall both", true)
old("nothing comes from Slack any more", "stall down", true)
old("nothing arrives at Slack any more", "stall up", true)

lasting("network gone for 30 s: refused", function(trial)
  both(trial, "refuse")
  both(trial, "old", "reset")
end, function(trial)
  both(trial, "accept")
end)
lasting("network gone for 30 s: silent", function(trial)
  both(trial, "all", "stall both")
end, function(trial)
  both(trial, "all", "pass")
end)
at_stage("TCP accepted, then silent, for 30 s", "ws", "tcp", "stall both")
at_stage("reset in the TLS handshake, for 30 s", "ws", "tls", "reset")
at_stage("stalled in the TLS handshake, for 30 s", "ws", "tls", "stall both")
at_stage("reset at the upgrade, for 30 s", "ws", "upgrade", "reset")
at_stage("stalled at the upgrade, for 30 s", "ws", "upgrade", "stall both")

lasting("400 ± 200 ms each way, for 30 s", function(trial)
  both(trial, "all", "delay 400 200")
end, function(trial)
  both(trial, "all", "pass")
end)
lasting("a line of 40 kB/s for 30 s, too narrow for the events", function(trial)
  both(trial, "all", "rate 40000")
end, function(trial)
  both(trial, "all", "pass")
end)

refused("open is rate-limited for 30 s (Retry-After: 5)",
  { error = "ratelimited", retry_after = 5 })
refused("open answers 503 for 30 s", { status = 503, body = "Service Unavailable" })
refused("open answers internal_error for 30 s", { error = "internal_error" })
refused("open never answers, for 30 s", { delay = 3600 })

for _, shown in ipairs { "expired", "foreign" } do
  lasting(("%s certificate for 30 s"):format(shown), function(trial)
    trial.certificates.show(shown)
    both(trial, "old", "reset")
  end, function(trial)
    trial.certificates.show "first"
    both(trial, "old", "reset")
  end)
end
table.insert(M, {
  name = "a new certificate, by another authority",
  strike = function(trial)
    trial.certificates.show "second"
    both(trial, "old", "reset")
  end,
})

table.insert(M, {
  name = "the process is suspended for 60 s (SIGSTOP)", lasts = true,
  strike = function(trial)
    trial.program:signal "STOP"
    slept(60)
    trial.program:signal "CONT"
  end,
})

-- In a network of its own: names, addresses and packets.
local function networked(fault)
  fault.needs_network = true
  table.insert(M, fault)
end

-- What lasts.
local function network_lasts(name, strike, heal)
  networked {
    name = name, lasts = true,
    strike = function(trial)
      strike(trial)
      slept(OUTAGE)
      heal(trial.network, trial)
    end,
  }
end

network_lasts("every packet is lost for 30 s", function(trial)
  trial.network:lose_all()
end, OwnNetwork.pass)
network_lasts("packets are lost a fifth of the time, for 30 s", function(trial)
  trial.network:lose_some()
end, OwnNetwork.pass)
network_lasts("the cable is out for 30 s", function(trial)
  trial.network:unplug()
end, OwnNetwork.plug)

-- What leaves connections behind of which only Slack's end is there: it notices in the end.
local function network_moves(name, strike)
  networked {
    name = name,
    strike = function(trial)
      trial.relay:tell "ws mark"
      strike(trial)
    end,
    heal = function(trial) trial.relay:tell("ws marked", "reset") end,
  }
end

network_moves("the machine gets another address", function(trial)
  trial.network:move_app()
end)
network_moves("Slack's name leads to another address, the old one is dead", function(trial)
  trial.network:move_slack()
end)
for _, dns in ipairs {
  { "hang", "DNS does not answer for 30 s, connections are reset" },
  { "nxdomain", "DNS knows no such name for 30 s, connections are reset" },
} do
  network_lasts(dns[2], function(trial)
    trial.network:names(dns[1])
    both(trial, "old", "reset")
  end, function(network)
    network:names "answer 10.9.1.1"
  end)
end

---@param name string
function M.find(name)
  for _, fault in ipairs(M) do
    if fault.name == name then
      return fault
    end
  end
  error(("no fault %q"):format(name))
end

return M
