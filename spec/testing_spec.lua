-- The test kit as authors of bots use it: with options of an app in place of a file.
local testing = require "slack.testing"

describe("slack.testing", function()
  local t

  after_each(function()
    if t then
      t:close()
      t = nil
    end
  end)

  describe("t:message", function()
    it("gives what the bot says because of it", function()
      t = testing.new {}
      t.app:message("hello", function(c) c:say(("Hello <@%s>!"):format(c.user_id)) end)
      local r = t:message("hello there", { user = "ada" })
      assert.equal("Hello <@UADA>!", r.said[1].text)
      assert.equal("general", r.said[1].channel_name)
      assert.equal("chat.postMessage", r.calls[1].method)
    end)

    it("fails at the line of the test when a handler fails", function()
      t = testing.new {}
      t.app:message("boom", function() error "burst" end)
      local ok, message = pcall(function() t:message "boom" end)
      assert.is_false(ok)
      assert.matches("^[^\n]*testing_spec.lua:27: ada: \"boom\": the bot failed: .*burst", message)
    end)

    it("expects an error where it is told of one", function()
      t = testing.new {}
      t.app:message("boom", function() error "burst" end)
      assert.matches("burst", t:message("boom", { fails = true }).errors[1].message)
    end)
  end)

  describe("t:command", function()
    it("gives what was acked", function()
      t = testing.new {}
      t.app:command("/deploy", function(c) c:ack("Deploying " .. c.command.text) end)
      local r = t:command "/deploy prod"
      assert.is_true(r.acked)
      assert.same({ text = "Deploying prod" }, r.ack)
      assert.equal("ada", r.said[1].ephemeral_to)
    end)
  end)
end)
