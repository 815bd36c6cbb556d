local Process = require "support.process"
local Redis = require "support.redis"
local live_app = require "support.live_app"

-- Seconds of a job: one must be seen in its worker's hands, which takes longer under sanitizers.
local JOB <const> = (os.getenv "SLACK_SLOW" or "") ~= "" and 1 or 0.2

describe("examples/cluster", function()
  it("shows how a worker takes over what a killed one had, and loses nothing", function()
    if not Redis.is_installed() then
      return pending(Redis.MISSING)
    end
    local cluster <close> = Process.lua("examples/cluster/run.lua", {
      environment = { JOBS = "20", SECONDS = tostring(JOB), LEASE = "1" },
    })
    live_app.wait(function() return not cluster:is_running() end)
    local output = cluster:output()
    assert.equal(0, cluster:wait(), output)
    assert.matches("worker 1 is killed %(kill %-9%), with [1-4] jobs in its hands", output)
    assert.matches("\n20 jobs: 0 lost, [1-4] taken over after %d", output)
    assert.matches("[01] done twice", output)
  end)
end)
