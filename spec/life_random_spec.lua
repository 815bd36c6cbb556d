local footprint = require "support.footprint"
local life_trial = require "support.life_trial"

-- STRESS=1, or the number of seconds: for longer. SEED=n: the one that has found something.
describe("apps that come and go by chance", function()
  local STRESS <const> = os.getenv "STRESS"
  local SECONDS <const> = STRESS and math.max(tonumber(STRESS) or 0, 60) or 2.5

  it("end when they are told to, and leave no error, thread or descriptor behind", function()
    local seed = math.tointeger(os.getenv "SEED") or os.time() % 100000
    footprint.rounds(3, function(round)
      local problems = life_trial.run {
        seed = seed + round, seconds = round == 3 and SECONDS or 0.3,
      }
      assert.equal("", table.concat(problems, "\n"), "SEED=" .. seed)
    end)
  end)
end)
