-- A slash command with commands of its own: "/kudos give @ada 3". "/kudos" tells which there
-- are. In the app's settings it has "Escape channels, users, and links" switched on.
--
--   lua5.4 examples/commands/bot.lua

local slack = require "slack"

local app = slack.app()

local function add(who, count)
  return ("<@%s> has %d."):format(who, assert(app.store:incr("kudos:" .. who, count)))
end

app:command("/kudos", {
  ["give <who:user> [n:integer]"] = function(c) return add(c.params.who, c.params.n or 1) end,
  ["take back <who:user>"] = { help = "one of them", function(c) return add(c.params.who, -1) end },
  ["of|from <who:user>"] = function(c) return add(c.params.who, 0) end,
})

os.exit(app:run() or 1, true)
