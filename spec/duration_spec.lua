local duration = require "slack.duration"

describe("a span of time", function()
  for text, seconds in pairs {
    ["90s"] = 90, ["5m"] = 300, ["1h30m"] = 5400, ["1.5h"] = 5400, ["2d"] = 172800,
    ["1w"] = 604800, ["250ms"] = 0.25, ["1m30s500ms"] = 90.5, ["0s"] = 0,
  } do
    it("is " .. text, function()
      assert.equal(seconds, duration.parse(text))
    end)
  end

  for _, text in ipairs {
    "", "5", "m", "5x", "-5m", "5 m", "1m1h", "1m1m", "5m ", "1e3s", "0x5s", "1..5s", ".5s",
  } do
    it(("is not %q"):format(text), function()
      assert.is_nil(duration.parse(text))
    end)
  end
end)
