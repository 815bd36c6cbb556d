local tasks = require "slack.tasks"
local trial = require "support.reload_trial"

-- Under sanitizers all takes many times as long.
local IS_SLOW <const> = (os.getenv "SLACK_SLOW" or "") ~= ""
local RATE <const> = IS_SLOW and 200 or 1000

describe("a script that is saved under load", function()
  for watch, pace in pairs { notices = { 50, 0.025 }, poll = { 5, 0.2 } } do
    it("loses no event, handles none twice, none by two versions, with " .. watch, function()
      local saves, pause = table.unpack(pace)
      local result = tasks.run(trial.run, {
        saves = saves, pause = pause, rate = RATE, watch = watch,
      })
      local bot = result.client
      assert.same({ 0, 0, 0, 0 }, {
        result.lost, result.total - bot.pairs, bot.doubled, bot.mixed,
      })
      assert.is_true(bot.reloads > 1, bot.reloads .. " reloads")
      assert.equal(0, bot.functions)
      assert.is_true(bot.last_memory < bot.first_memory * 1.5)
    end)
  end
end)
