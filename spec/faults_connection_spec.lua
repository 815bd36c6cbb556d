-- Faults of connections that are up, and of each stage of new ones.
local fault_trial = require "support.fault_trial"
local live = require "support.live_app"

-- What the app does when its connections meet a fault once, while new ones work.
local OLD <const> = {
  { "are reset", "reset", "failed" },
  { "are closed", "close", "closed the connection" },
  { "are cut in the middle of a frame", "cut down 300 close", "closed the connection" },
  { "are reset in the middle of a frame", "cut down 300 reset", "failed" },
  { "fall silent", "stall both", "has been silent for %d+ ms" },
  { "bring nothing any more", "stall down", "has been silent for %d+ ms" },
  { "take nothing any more, though events go on coming", "stall up",
    "answered no ping for %d+ ms: what we send, acks too, does not seem to arrive" },
}

-- Faults that meet each new connection when it gets to a stage, until they are over.
local STAGES <const> = {
  { "tcp", "reset", "failed", tls = true },
  { "tcp", "stall both", "given up after 0.5 s while connecting", tls = true },
  { "tls", "reset", "no connection", tls = true },
  { "tls", "stall both", "given up after 0.5 s while connecting", tls = true },
  { "upgrade", "reset", "failed", tls = true },
  { "upgrade", "close", "closed the connection", tls = false },
  { "upgrade", "stall both", "given up after 0.5 s while waiting for the answer to the upgrade",
    tls = true },
  { "hello", "reset", "failed", tls = false },
  { "hello", "close", "closed the connection", tls = false },
  { "hello", "stall both", "given up after 0.4 s while waiting for Slack's hello", tls = false },
}

describe("connections that", function()
  for _, fault in ipairs(OLD) do
    local does, what, warning = table.unpack(fault)
    it(does .. " are replaced, and no event is lost or doubled (S208, S222)", function()
      fault_trial.run(function(trial)
        trial:wait_ready(2)
        trial:wait_pings()
        trial.relay:tell("ws old", what)
        trial:send(20)
        for _ = 1, 200 do -- what is judged by its traffic needs some
          if trial:warnings(warning) >= 2 then break end
          trial:send(2)
        end
        trial:wait_warning(warning)
        trial:wait_ready(4)
        trial:send(5)
        trial.relay:tell("ws old", "pass")
      end)
    end)
  end

  it("take nothing from their first byte on, though events go on coming, are replaced", function()
    fault_trial.run(function(trial)
      trial.relay:tell("ws at hello", "stall up")
      trial.relay:tell("ws old", "reset")
      live.wait(function() return trial.relay:count "struck ws" >= 1 end)
      live.wait(function()
        trial:send(2)
        return trial:warnings "answered no ping for %d+ ms" >= 1
      end)
      trial.relay:tell("ws all", "pass")
    end, { slack = { tls = false }, app = { connections = 1 }, timings = { pong_timeout = 0.1 } })
  end)

  it("fall silent with those of the Web API are replaced all the same, over new ones", function()
    fault_trial.run(function(trial)
      trial:wait_ready(2)
      trial.relay:tell("api old", "stall both")
      trial.relay:tell("ws old", "stall both")
      trial:wait_ready(4)
      trial.relay:tell("api old", "pass")
      trial.relay:tell("ws old", "pass")
    end, { timings = { open_timeout = 600 } })
  end)

  it("are only slow stay", function()
    fault_trial.run(function(trial)
      trial:wait_ready(2)
      trial.relay:tell("ws old", "delay 60 40")
      trial:send(40)
      trial.relay:tell("ws old", "pass")
      assert.equal(0, trial:warnings "")
    end, { timings = { pong_timeout = 10 } })
  end)

  it("fail for long do not fill the log, and the one that works says how long it was", function()
    fault_trial.run(function(trial)
      trial.relay:tell("ws at tcp", "reset")
      trial.relay:tell("ws old", "reset")
      live.wait(function() return trial.relay:count "struck ws" >= 40 end)
      assert.truthy(trial:warnings "" <= 10, table.concat(trial.lines, "\n"))
      trial.relay:tell("ws new", "pass")
      trial:wait_ready(2)
      assert.matches("connection %d+ is ready after %d+ s without one",
        table.concat(trial.lines, "\n"))
    end, { app = { connections = 1 }, timings = { backoff_maximum = 0.06 } })
  end)

  for _, fault in ipairs(STAGES) do
    local stage, what, warning = table.unpack(fault)
    it(("meet %q at the stage %q are tried again until they work (S201, S205)")
      :format(what, stage), function()
      fault_trial.run(function(trial)
        trial.relay:tell("ws at " .. stage, what)
        trial.relay:tell("ws old", "reset")
        trial:send(5)
        trial:wait_warning(warning)
        live.wait(function() return trial.relay:count "struck ws" >= 3 end)
        trial.relay:tell("ws all", "pass")
      end, { slack = { tls = fault.tls }, app = { connections = 1 } })
    end)
  end

  it("are closed by Slack, which then falls silent, are let go", function()
    fault_trial.run(function(trial)
      trial.relay:tell("ws at close", "stall both")
      trial.relay:tell("ws old", "reset")
      trial:wait_ready(2)
      trial.here:connections()[1]:disconnect "refresh_requested"
      trial:wait_ready(3)
      live.wait(function() return trial.relay:count "struck ws" > 0 end)
      trial:send(5)
      trial.relay:tell("ws all", "pass")
    end, { slack = { tls = false }, app = { connections = 1 } })
  end)
end)
