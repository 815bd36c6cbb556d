-- Reminds a channel of its stand-up; "/standup when" tells of the next one.
--
--   lua5.4 examples/schedule/bot.lua
--
-- STANDUP_CHANNEL   "general", or the id of a channel that the bot is in
-- STANDUP_AT        "Mon-Fri 09:15"; in the time zone TZ, or the system's
-- STANDUP_EVERY     "20s", in place of STANDUP_AT, to watch it at work

local slack = require "slack"

local channel = os.getenv "STANDUP_CHANNEL" or "general"
local app = slack.app()

local function remind(c)
  local message = c:say { channel = channel, text = "Stand-up! What is in your way today?" }
  if message then
    message:reply(("Planned for %s."):format(slack.mrkdwn.date(c.scheduled_at, "{time}")))
  end
end

local every = os.getenv "STANDUP_EVERY"
local entry = every and app:every(every, remind)
  or app:at(os.getenv "STANDUP_AT" or "Mon-Fri 09:15", remind)

app:command("/standup", {
  ["when"] = function()
    local at = entry:next_at()
    return at and "The next stand-up is on " .. slack.mrkdwn.date(at) or "There is none."
  end,
  ["stop"] = { help = "no reminders until the bot starts again", function()
    return entry:remove() and "No more reminders." or "There were none."
  end },
})

os.exit(app:run() or 1, true)
