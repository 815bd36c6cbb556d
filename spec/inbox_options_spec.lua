local options = require "slack.options"

local SQLITE, REDIS = "sqlite:bot.db", "redis://localhost"

local function read(given)
  given.token, given.app_token = given.token or "xoxb-1-secret", "xapp-1-secret"
  return options.read(given)
end

describe("option inbox", function()
  it("is on where deliveries can be kept, with a default for all that is not given", function()
    assert.same({
      durability = "full", attempts = 3, backoff = 5, interactive = false, lease = 30,
      keep_dead = 30 * 86400, max_entries = 1000000,
    }, assert(read { storage = SQLITE }).inbox)
    local given = { storage = REDIS, inbox = { attempts = 7, order = "channel" } }
    local inbox = assert(read(given)).inbox
    assert.same({ 7, "channel", 5 }, { inbox.attempts, inbox.order, inbox.backoff })
  end)

  it("is off where they cannot, and where that is said", function()
    local store = require("slack.storage").open "memory:"
    for _, given in ipairs {
      {}, { storage = "memory:" }, { storage = store }, { storage = SQLITE, inbox = false },
      { storage = SQLITE, http = { answer_events = "handled" } },
    } do
      assert.is_false(assert(read(given)).inbox)
    end
    local classic = { storage = SQLITE, transport = "rtm", token = "xoxb-1-secret" }
    assert.is_false(assert(options.read(classic)).inbox)
  end)

  it("says what is wrong, with the option's name and what to do", function()
    for _, case in ipairs {
      { { inbox = "on", storage = SQLITE }, 'option "inbox": false or a table expected' },
      { { inbox = true, storage = SQLITE },
        'option "inbox": it is on where the storage can keep it' },
      { { inbox = {} }, 'option "inbox": deliveries are kept in storage = "sqlite:PATH"' },
      { { inbox = { atempts = 3 }, storage = SQLITE },
        'unknown option "inbox.atempts"; did you mean "attempts"?' },
      { { attempts = 3 }, 'it belongs in "inbox": inbox = { attempts = … }' },
      { { inbox = { attempts = 0 }, storage = SQLITE },
        'option "inbox.attempts": an integer from 1 to 1000 expected, got 0' },
      { { inbox = { durability = "fast" }, storage = SQLITE },
        'option "inbox.durability": "full" or "normal" expected' },
      { { inbox = { order = "user" }, storage = SQLITE },
        'option "inbox.order": "channel" expected' },
      { { inbox = { lease = 0.5 }, storage = SQLITE },
        'option "inbox.lease": a number from 1 to 3600 expected, got 0.5' },
      { { inbox = {}, storage = SQLITE, http = { answer_events = "handled" } },
        'options "inbox" and "http.answer_events" = "handled" exclude each other' },
      { { inbox = {}, storage = SQLITE, transport = "rtm" }, 'no use with transport "rtm"' },
    } do
      local given = case[1]
      given.token = "xoxb-1-secret"
      given.app_token = given.transport ~= "rtm" and "xapp-1-secret" or nil
      local result, problem = options.read(given)
      assert.is_nil(result)
      assert.matches(case[2], problem, 1, true)
    end
  end)
end)

describe("option role", function()
  it("makes an app that needs nothing to reach Slack by, or one that only receives", function()
    local worker = assert(options.read {
      token = "xoxb-1-secret", storage = REDIS, role = "worker",
    })
    assert.same({ "none", "worker", 3 }, { worker.transport, worker.role, worker.inbox.attempts })
    assert.is_nil(worker.http)
    local receiver = assert(read { storage = REDIS, role = "receiver" })
    assert.same({ "socket", "receiver" }, { receiver.transport, receiver.role })
  end)

  it("takes a Redis in common, and the inbox", function()
    for _, case in ipairs {
      { { role = "worker" }, 'option "role": receivers and workers have a Redis in common' },
      { { role = "receiver", storage = SQLITE }, 'have a Redis in common' },
      { { role = "boss", storage = REDIS }, 'option "role": "receiver" or "worker" expected' },
      { { role = "wroker", storage = REDIS }, 'did you mean "worker"?' },
      { { role = "worker", storage = REDIS, inbox = false },
        'options "role" and "inbox" = false exclude each other' },
      { { role = "worker", storage = REDIS, http = { answer_events = "handled" } },
        'options "role" and "http.answer_events" = "handled" exclude each other' },
    } do
      local result, problem = read(case[1])
      assert.is_nil(result)
      assert.matches(case[2], problem, 1, true)
    end
  end)
end)
