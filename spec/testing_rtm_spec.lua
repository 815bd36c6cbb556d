-- The test kit: bots over RTM.
local testing = require "slack.testing"

describe("a test of a bot over RTM", function()
  local t

  before_each(function()
    t = testing.new { transport = "rtm" }
  end)

  after_each(function()
    t:close()
  end)

  it("takes what app.rtm sends, and replies", function()
    local sent, typed
    t.app:message("hello", function(c)
      typed = t.app.rtm:typing(c.channel_id)
      sent = assert(t.app.rtm:send { channel = c.channel_id, text = "Hi." })
    end)
    local result = t:message "hello"
    assert.same({ "Hi.", true }, { result.said[1].text, typed })
    assert.equal(result.said[1].ts, sent.ts)
  end)

  it("refuses what Slack would refuse", function()
    local err
    t.app:message("hello", function()
      local _
      _, err = t.app.rtm:send { channel = "C0NOWHERE", text = "Hi." }
    end)
    t:message "hello"
    assert.same({ "rtm_error", "channel_not_found" }, { err.code, err.text })
  end)

  it("tells of people's presence when it is asked to", function()
    local seen
    t.app:event("presence_change", function(c) seen = c.event.user end)
    t:run(function() assert(t.app.rtm:presence_sub { "UADA" }) end)
    assert.equal("UADA", seen)
  end)
end)
