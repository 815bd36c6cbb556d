local Offline = require "support.offline_app"
local errors = require "slack.errors"
local live = require "support.live_app"

describe("a message that was sent", function()
  -- What its method does is seen by a local Slack.
  local function on_message(fn)
    live.run(function(here, new_app)
      local app = new_app { transport = "socket" }
      local done
      app:command("/go", function(c)
        c:ack()
        fn(c, here)
        done = true
      end)
      live.start(here, app)
      here:command { command = "/go", channel = "general" }
      live.wait(function() return done end)
    end)
  end

  it("is changed, reacted to, replied to, linked to and deleted", function()
    on_message(function(c, here)
      local sent = assert(c:say "Working…")
      assert.equal(sent, sent:update "Done")
      assert.is_true(sent:react ":tada:")
      assert.is_true(sent:react "tada") -- it is there already
      local reply = assert(sent:reply "Details")
      assert.equal(sent.ts, reply.thread_ts)
      assert.matches("^https://.*/archives/" .. sent.channel .. "/p", sent:permalink())
      local shown = assert(here:wait_message { text = "Done" })
      assert.equal(sent.ts, shown.ts)
      assert.equal("tada", shown.reactions[1].name)
      assert.is_true(reply:delete())
      assert.is_true(sent:delete())
    end)
  end)

  it("is shown to one person with ephemeral = true, and is then out of reach (S193)", function()
    on_message(function(c)
      local sent = assert(c:say { text = "For you", ephemeral = true })
      assert.is_true(sent.is_ephemeral)
      assert.is_string(sent.ts)
      for _, name in ipairs { "update", "delete", "reply", "react", "permalink" } do
        local value, err = sent[name](sent, "eyes")
        assert.is_nil(value)
        assert.equal("ephemeral_message", err.code)
      end
    end)
  end)

  describe("offline", function()
    local offline

    before_each(function()
      offline = Offline.new()
    end)

    for name, case in pairs {
      update = { "chat.update", "x" }, delete = { "chat.delete" },
      react = { "reactions.add", "eyes" }, permalink = { "chat.getPermalink" },
    } do
      it("leaves a line that names the listener when message:" .. name .. " fails", function()
        local value, err
        offline.app:message(function(c)
          local sent = c:say "x"
          offline.answers[case[1]] = errors.new { code = "message_not_found", method = case[1] }
          value, err = sent[name](sent, case[2])
        end)
        offline:message "hello"
        assert.is_nil(value)
        assert.equal("message_not_found", err.code)
        local _, count = offline:log():gsub("WARN", "")
        assert.equal(1, count, offline:log())
        assert.matches(("WARN .*message:%s failed: %s.*listener=\"app:message[^\n]*message_spec")
          :format(name, case[1]:gsub("%.", "%%.")), offline:log())
      end)
    end

    it("is replied to in its thread, which it may stand in or begin", function()
      offline.app:message(function(c)
        c:say("x"):reply "y"
      end)
      offline:message "top"
      offline:message("below", { thread_ts = "1.1" })
      local threads = {}
      for _, call in ipairs(offline.calls) do
        threads[#threads + 1] = call.arguments.thread_ts or "none"
      end
      assert.same({ "none", "1700000000.000100", "1.1", "1.1" }, threads)
    end)

    it("leaves one line when its reply fails", function()
      offline.app:message(function(c)
        local sent = c:say "x"
        offline.answers["chat.postMessage"] = errors.new { code = "restricted" }
        sent:reply "y"
      end)
      offline:message "hello"
      local _, count = offline:log():gsub("WARN", "")
      assert.equal(1, count, offline:log())
      assert.matches("message:reply failed: restricted", offline:log())
    end)

    it("says nothing of a reaction that is there already", function()
      offline.app:message(function(c)
        local sent = c:say "x"
        offline.answers["reactions.add"] = errors.new { code = "already_reacted" }
        assert.is_true(sent:react "eyes")
      end)
      offline:message "hello"
      assert.not_matches("WARN", offline:log())
    end)

    it("is for the person of the trigger, or the one that is named, with ephemeral", function()
      offline.app:message(function(c)
        c:say { text = "x", ephemeral = true }
        c:say { text = "y", ephemeral = "U9" }
        c:reply { text = "z", ephemeral = true }
        c:say { text = "w", ephemeral = false }
      end)
      offline:message("hello", { ts = "5.5" })
      local seen = {}
      for _, call in ipairs(offline.calls) do
        local given = call.arguments
        assert.is_nil(given.ephemeral)
        table.insert(seen, { call.method, given.user or "-", given.thread_ts or "-" })
      end
      assert.same({
        { "chat.postEphemeral", "U03ADA5K1QW", "-" }, { "chat.postEphemeral", "U9", "-" },
        { "chat.postEphemeral", "U03ADA5K1QW", "5.5" }, { "chat.postMessage", "-", "-" },
      }, seen)
    end)

    it("needs somebody to be ephemeral for", function()
      local err
      offline.app:event("channel_rename", function(c)
        err = select(2, c:say { text = "x", ephemeral = true })
      end)
      offline:event { type = "channel_rename", channel = { id = "C1" } }
      assert.equal("no_user", err.code)
    end)
  end)
end)
