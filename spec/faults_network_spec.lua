-- Names, addresses and packets: in a process with a network of its own, where the system
-- lets this user have one.
local OwnNetwork = require "support.own_network"
local Process = require "support.process"
local child = require "support.child"
local files = require "support.files"

-- An app at one end and its Slack at the other; what is done between them, from a spec below.
local PROGRAM <const> = [[
local FaultProxy = require "support.fault_proxy"
local OwnNetwork = require "support.own_network"
local Process = require "support.process"
local child = require "support.child"
local json = require "slack.json"
local proxies = require "support.proxies"
local sandbox = require "slack.sandbox"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

local retry_delays = {}
for i = 1, 500 do retry_delays[i] = 0.2 end

tasks.run(function()
  local here <close> = assert(sandbox.start {
    ack_timeout = 0.5, retry_delays = retry_delays, patience = 60,
    certificate = { names = "DNS:localhost,DNS:" .. OwnNetwork.NAME },
  })
  local relay <close> = FaultProxy.before(here, "0.0.0.0")
  local network <close> = OwnNetwork.start()
  proxies.move(here, OwnNetwork.NAME)
  local app <close> = Process.start(
    network:app_words() .. child.interpreter() .. " spec/faults/app.lua", { environment = {
      LUA_PATH = package.path, LUA_CPATH = package.cpath,
      FAULT_TRIAL = assert(json.encode {
        api_url = here.api_url, token = here.bot_token, app_token = here.app_token,
        ca_file = here.ca_file, connections = 1, socket_mode = {
          ping_interval = 0.1, pong_timeout = 0.4, open_timeout = 1, hello_timeout = 1,
          backoff_first = 0.05, backoff_maximum = 0.3,
        },
      }),
    } })
  local sent = 0
  local function send(count)
    for _ = 1, count do
      sent = sent + 1
      here:deliver_event {
        type = "app_mention", user = "U0FAULT", channel = "C0FAULT", ts = "1.1",
        text = tostring(sent),
      }
      tasks.sleep(0.01)
    end
  end
  local function wait_line(pattern, count)
    wait_until(pattern, function()
      return select(2, app:output():gsub(pattern, "")) >= (count or 1)
    end)
  end
  local function wait_handled()
    for number = 1, sent do wait_line(" handled " .. number .. "\n") end
  end
  wait_line "is ready"
  send(5)
  wait_handled()
  do
    %s
  end
  send(5)
  wait_handled()
  for number = 1, sent do
    local _, times = app:output():gsub(" handled " .. number .. "\n", "")
    assert(times == 1, "event " .. number .. " was handled " .. times .. " times")
  end
  print(app:output())
  print "whole"
end)
]]

-- Each ends with the network as it is to stay.
local FAULTS <const> = {
  ["loses every packet without a word"] = { [[
    network:lose_all()
    send(10)
    wait_line "noticed [^\n]*has been silent"
    wait_line "noticed [^\n]*after [%d.]+ s while"
    network:pass()
  ]] },
  ["loses packets now and then"] = { [[
    network:lose_some()
    send(100)
    network:pass()
  ]] },
  ["is unplugged"] = { [[
    network:unplug()
    send(10)
    wait_line "noticed [^\n]*has been silent"
    wait_line "noticed [^\n]*no connection"
    network:plug()
  ]] },
  ["gives the machine another address"] = { [[
    network:move_app()
    send(10)
    wait_line("is ready", 2)
    relay:tell("ws old", "reset")
  ]] },
  ["has Slack at another address, the old one dead"] = { [[
    network:move_slack()
    send(10)
    wait_line("is ready", 2)
    -- Not when the old address was forgotten at last, after a minute of attempts.
    assert(tonumber(app:output():match ".*connection (%d+) is ready") < 15, app:output())
    relay:tell("ws old", "reset")
  ]] },
  ["has a DNS that knows no such name"] = { [[
    network:names "nxdomain"
    relay:tell("ws old", "stall both")
    send(10)
    wait_line "noticed [^\n]*check the name and this machine's DNS"
    network:names "answer 10.9.1.1"
    relay:tell("ws old", "reset")
  ]] },
  ["has a DNS that says nothing"] = { [[
    network:names "hang"
    relay:tell("ws old", "stall both")
    send(10)
    wait_line "noticed [^\n]*timed out after [%d.]+ s while resolving the name"
    network:names "answer 10.9.1.1"
    relay:tell("ws old", "reset")
  ]] },
}

describe("a network that", function()
  local missing = OwnNetwork.missing()

  for does, fault in pairs(FAULTS) do
    it(does .. " loses no event and doubles none", function()
      if missing then
        pending(missing)
      end
      local directory <close> = files.temporary()
      local path = directory.path .. "/trial.lua"
      files.write(path, (PROGRAM:gsub("%%s", function() return fault[1] end)))
      local trial <close> = Process.start(
        OwnNetwork.enter() .. child.interpreter() .. " " .. path,
        { environment = { LUA_PATH = package.path, LUA_CPATH = package.cpath } })
      trial:wait()
      assert.matches("\nwhole\n", trial:output(), 1, true)
    end)
  end
end)
