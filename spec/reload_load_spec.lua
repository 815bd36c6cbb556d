local tasks = require "slack.tasks"
local trial = require "support.reload_trial"

-- Under sanitizers all takes many times as long.
local IS_SLOW <const> = (os.getenv "SLACK_SLOW" or "") ~= ""
local RATE <const> = IS_SLOW and 200 or 2000

describe("a script that is saved under load", function()
  for watch, saves in pairs { notices = 150, poll = 30 } do
    it("loses no event, handles none twice, none by two versions, with " .. watch, function()
      local result = tasks.run(trial.run, {
        saves = saves, pause = watch == "poll" and 0.05 or 0.025, rate = RATE, watch = watch,
      })
      local bot = result.client
      assert.same({ 0, 0, 0, 0 }, {
        result.lost, result.total - bot.pairs, bot.doubled, bot.mixed,
      })
      assert.is_true(bot.reloads > saves // 10, bot.reloads .. " reloads")
      assert.equal(0, bot.functions)
      assert.is_true(bot.last_memory < bot.first_memory * 1.5)
    end)
  end
end)
