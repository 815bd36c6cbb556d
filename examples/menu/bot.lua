-- "/city" posts a menu whose options come from the bot while somebody types. Over HTTP the
-- app has an Options Load URL.
--
--   lua5.4 examples/menu/bot.lua

local slack = require "slack"

local app, blocks = slack.app(), slack.blocks

local CITIES = {
  { "Amsterdam", "ams" }, { "Auckland", "akl" }, { "Hamburg", "ham" }, { "Lagos", "los" },
  { "Lima", "lim" }, { "Osaka", "osa" }, { "Rotterdam", "rtm" }, { "São Paulo", "sao" },
}

app:command("/city", function(c)
  c:ack()
  c:say(blocks.message("Which city?", blocks.section("Which city?",
    blocks.external_select("city", { placeholder = "Type a letter", min_query_length = 1 }))))
end)

app:options("city", function(c)
  return blocks.options(CITIES, c.options.value)
end)

app:action("city", function(c)
  c:update(("<@%s> goes to *%s*."):format(c.user_id, c.action.selected_option.text.text))
end)

os.exit(app:run() or 1, true)
