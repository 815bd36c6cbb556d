local blocks = require "slack.blocks"
local client = require "slack.client"
local mrkdwn = require "slack.mrkdwn"
local offline_app = require "support.offline_app"
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

  it("is raised at the handler's line where a method of its context makes the call", function()
    local offline, problems = offline_app.new(), {}
    offline.app.client = client.new { token = "xoxb-1-offline", api_url = "http://127.0.0.1:9/" }
    offline.app:message("go", function(c)
      for _, misuse in ipairs {
        function() c:say { blocks = { print } } end,
        function() c:reply { attachments = { print } } end,
        function() c:prompts { "Hello", title = print } end,
      } do
        table.insert(problems, (select(2, pcall(misuse))))
      end
    end)
    offline:message "go"
    assert.equal(3, #problems)
    for _, problem in ipairs(problems) do
      assert.matches("^%S*misuse_spec%.lua:%d+: %a+[.%a]+: argument", problem)
    end
  end)
end)
