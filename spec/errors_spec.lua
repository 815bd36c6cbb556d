local errors = require "slack.errors"

describe("errors", function()
  it("reads as one line that names the method", function()
    local err = errors.new { code = "invalid_blocks", message = "invalid_blocks:\n [ERROR] text",
      method = "chat.postMessage" }
    assert.equal("chat.postMessage: invalid_blocks:; [ERROR] text", tostring(err))
    assert.equal("chat.update: no", tostring(errors.new { code = "no", method = "chat.update" }))
  end)

  it("is read in no time, whatever a server has put into it", function()
    local blanks = (" "):rep(200000)
    assert.equal("x" .. blanks .. "y; z",
      tostring(errors.new { code = "x", message = "x" .. blanks .. "y" .. blanks .. "\r\n\n z" }))
  end)

  it("names the method once", function()
    local err = errors.new { code = "timeout", message = "POST slack.com/api/api.test: timed out",
      method = "api.test" }
    assert.equal("POST slack.com/api/api.test: timed out", tostring(err))
  end)

  it("can be put into a sentence", function()
    local err = errors.new { code = "timeout", message = "timed out" }
    assert.equal("sorry: timed out!", "sorry: " .. err .. "!")
  end)

  it("keeps its fields to branch on, and what it came of (S278)", function()
    local answer, cause = { ok = false }, errors.new { code = "connection" }
    local err = errors.new {
      code = "ratelimited", status = 429, retry_after = 3, response = answer, cause = cause,
    }
    assert.same({ "ratelimited", "ratelimited", 429, 3 },
      { err.code, err.message, err.status, err.retry_after })
    assert.equal(answer, err.response)
    assert.equal(cause, err.cause)
  end)

  it("is one readable line in the text that assert raises", function()
    local err = errors.new { code = "channel_not_found", method = "chat.postMessage" }
    local ok, raised = pcall(assert, nil, err)
    assert.is_false(ok)
    assert.equal("chat.postMessage: channel_not_found", tostring(raised))
  end)

  it("tells errors from other tables", function()
    assert.is_true(errors.is(errors.new { code = "x" }))
    assert.is_false(errors.is { code = "x" })
    assert.is_false(errors.is "x")
  end)

  it("never shows a token (S224)", function()
    local err = errors.new { code = "x", message = "sent xoxb-123456789012-abcdefabcdef" }
    assert.is_nil(tostring(err):find("123456789012", 1, true))
  end)

  it("leaves the table it was made from alone", function()
    local fields = { code = "x" }
    errors.new(fields)
    assert.same({ code = "x" }, fields)
    assert.is_nil(getmetatable(fields))
  end)
end)
