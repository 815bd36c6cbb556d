-- "/lunch Luigi's" asks the channel who comes along; join.lua answers the button.
local slack = require "slack"
local app = ...
local blocks = slack.blocks

app:command("/lunch", function(c)
  local place = c.command.text
  if place == "" then
    return c:ack "Where to? For example: /lunch Luigi's"
  end
  c:ack()
  local text = ("Lunch at %s: who comes along?"):format(place)
  c:say(blocks.message(text, text, blocks.actions {
    blocks.button("Count me in", "join_lunch"),
  }))
end)
