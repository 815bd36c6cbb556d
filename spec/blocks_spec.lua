local blocks = require "slack.blocks"

describe("blocks", function()
  it("makes text objects of strings, mrkdwn or plain as the place demands", function()
    assert.same({
      type = "section", text = { type = "mrkdwn", text = "*hi*" },
      accessory = {
        type = "button", action_id = "go", text = { type = "plain_text", text = "Go" },
      },
    }, blocks.section("*hi*", blocks.button("Go", "go")))
  end)
end)
