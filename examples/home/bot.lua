-- A home tab with a list of one's own, which a button empties.
--
--   lua5.4 examples/home/bot.lua
--
-- Tokens in the environment: see examples/hello/bot.lua. The app's settings switch on the
-- Home Tab and subscribe the app to app_home_opened and message.im.

local slack = require "slack"

local app, blocks, mrkdwn = slack.app(), slack.blocks, slack.mrkdwn

local function home(notes)
  return blocks.home {
    blocks.header "Your notes",
    #notes > 0 and mrkdwn.list(notes) or "None. Send me a message, and it is one.",
    blocks.actions { blocks.button("Forget them", "forget", { confirm = "Forget them all?" }) },
  }
end

app:event("app_home_opened", function(c)
  c:publish(home(app.store:get("notes:" .. c.user_id) or {}))
end)

app:message({ dm = true }, function(c)
  local key = "notes:" .. c.user_id
  local notes = app.store:get(key) or {}
  table.insert(notes, mrkdwn.plain(c.text))
  app.store:set(key, notes)
  c:publish(home(notes))
end)

app:action("forget", function(c)
  app.store:delete("notes:" .. c.user_id)
  c:publish(home {})
end)

os.exit(app:run() or 1, true)
