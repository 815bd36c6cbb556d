-- A home tab with a list of one's own, which grows by what one tells the bot. The app has
-- the Home Tab switched on, and the bot events app_home_opened and message.im.
--
--   lua5.4 examples/home/bot.lua

local slack = require "slack"

local app, blocks, mrkdwn = slack.app(), slack.blocks, slack.mrkdwn

local function show(c)
  local notes = app.store:get("notes:" .. c.user_id) or {}
  c:publish(blocks.home {
    blocks.header "Your notes",
    #notes > 0 and mrkdwn.list(notes) or "None. Send me a message, and it is one.",
    blocks.actions { blocks.button("Forget them", "forget", { confirm = "Forget them all?" }) },
  })
end

app:event("app_home_opened", show)

app:message({ dm = true, order = "user" }, function(c)
  local notes = app.store:get("notes:" .. c.user_id) or {}
  table.insert(notes, mrkdwn.plain(c.text))
  assert(app.store:set("notes:" .. c.user_id, notes))
  show(c)
end)

app:action("forget", function(c)
  app.store:delete("notes:" .. c.user_id)
  show(c)
end)

os.exit(app:run() or 1, true)
