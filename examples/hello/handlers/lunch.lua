-- "/lunch Luigi's" asks the channel who comes along; join.lua answers the button.
local app = ...

local function question(text)
  return {
    { type = "section", text = { type = "mrkdwn", text = text } },
    {
      type = "actions",
      elements = {
        {
          type = "button",
          action_id = "join_lunch",
          text = { type = "plain_text", text = "Count me in" },
        },
      },
    },
  }
end

app:command("/lunch", function(c)
  local place = c.command.text
  if place == "" then
    return c:ack "Where to? For example: /lunch Luigi's"
  end
  c:ack()
  local text = ("Lunch at %s: who comes along?"):format(place)
  c:say { text = text, blocks = question(text) }
end)
