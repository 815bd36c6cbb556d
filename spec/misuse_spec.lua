local blocks = require "slack.blocks"
local mrkdwn = require "slack.mrkdwn"
local raised = require "slack.raised"

describe("misuse", function()
  local function button() return (blocks.button(("x"):rep(76))) end
  local function user() return (mrkdwn.user "ada") end
  local function sorted() return table.concat { mrkdwn.list { 1, true } } end

  for name, fn in pairs { blocks = button, mrkdwn = user, ["a list"] = sorted } do
    it("noticed deep inside is raised at the program's own line: " .. name, function()
      local traceback
      local ok, err = xpcall(fn, function(message)
        traceback = debug.traceback("", 2)
        return message
      end)
      assert.is_false(ok)
      assert.matches("misuse_spec%.lua:%d+: ", err)
      assert.is_true(raised.is_misuse(traceback))
    end)
  end

  it("is raised at the line where a function of C was called with ours", function()
    local ok, err = pcall(function() return (string.gsub("ada", "%w+", mrkdwn.user)) end)
    assert.is_false(ok)
    assert.matches("misuse_spec%.lua:%d+: mrkdwn%.user: an id", err)
  end)
end)
