local Offline = require "support.offline_app"
local json = require "slack.json"
local slack = require "slack"

local OWN_APP, OTHER_APP = "A05OURS", "A09THEIRS"

describe("the bot's own messages", function()
  local offline, seen

  local function start(options)
    offline = Offline.new(options)
    seen = {}
    offline.app:event("message", function(c) table.insert(seen, c.type) end)
  end

  before_each(function() start() end)

  local function message(more, body)
    local event = { type = "message", channel = "C1", ts = "1.1", text = "hello" }
    for name, value in pairs(more) do
      event[name] = value
    end
    local outer = { api_app_id = OWN_APP }
    for name, value in pairs(body or {}) do
      outer[name] = value
    end
    offline:event(event, { body = outer })
    return table.remove(seen) ~= nil
  end

  it("are not taken, sent by chat.postMessage or by a user's token of the app (S157)", function()
    assert.is_false(message { user = "U05BOTUSR01", bot_id = "B05BOT", app_id = OWN_APP })
    assert.is_false(message { user = "U03ADA5K1QW", bot_id = "B0USER", app_id = OWN_APP })
  end)

  it("are not taken that went through a response_url or a webhook (S157)", function()
    assert.is_false(message { subtype = "bot_message", bot_id = "B05BOT", user = json.null })
    assert.is_false(message { subtype = "bot_message", bot_id = "B0OTHER", app_id = OWN_APP })
    assert.is_false(message {
      subtype = "bot_message", bot_id = "B0OTHER", bot_profile = { app_id = OWN_APP },
    })
  end)

  it("are not taken when they are edited or unfold, which would go round and round", function()
    assert.is_false(message {
      subtype = "message_changed", message = { user = "U05BOTUSR01", text = "x", type = "message" },
    })
    assert.is_false(message {
      subtype = "message_changed",
      message = { bot_id = "B0OTHER", app_id = OWN_APP, type = "message" },
    })
    assert.is_true(message { subtype = "message_changed", message = { user = "U1", text = "x" } })
    assert.is_true(message { subtype = "message_changed" })
  end)

  it("are known by the bot of the authorization where no token told who it is", function()
    start()
    offline.app.identity = nil
    local authorizations = { { team_id = "T1", user_id = "U0BOT", is_bot = true } }
    assert.is_false(message({ user = "U0BOT" }, { authorizations = authorizations }))
    assert.is_true(message({ user = "U1" }, { authorizations = authorizations }))
    authorizations[1].is_bot = false
    assert.is_true(message({ user = "U0BOT" }, { authorizations = authorizations }))
  end)

  it("are told from those of other bots, which arrive (S157)", function()
    assert.is_true(message { bot_id = "B0OTHER", app_id = OTHER_APP, user = "U0OTHERBOT" })
    assert.is_true(message { bot_id = "B0OTHER", subtype = "bot_message" })
    assert.is_true(message({ bot_id = "B0OTHER", app_id = json.null }, { api_app_id = json.null }))
    assert.is_true(message { bot_id = json.null, user = "U1" })
  end)

  it("are taken with ignore_self = false, but behind slack.ignore_self (S158, S180)", function()
    start { ignore_self = false }
    local others = {}
    offline.app:message(slack.ignore_self, function(c) table.insert(others, c.payload.user) end)
    assert.is_true(message { user = "U05BOTUSR01" })
    assert.is_true(message { user = "U1" })
    assert.same({ "U1" }, others)
  end)

  it("let other kinds pass slack.ignore_self", function()
    offline.app:use(slack.ignore_self)
    offline.app:command("/x", function() return "done" end)
    assert.same({ '{"text":"done"}' }, offline:command("/x").answers)
  end)
end)
