-- Somebody pressed "Count me in" below a question of lunch.lua: adds the name.
local app = ...

app:action("join_lunch", function(c)
  c:ack()
  local message = c.body.message
  local section = message.blocks[1]
  local name = ("<@%s>"):format(c.user_id)
  if section.text.text:find(name, 1, true) then
    return c:respond { text = "You are on the list.", replace_original = false }
  end
  section.text.text = section.text.text .. " " .. name
  c:update { text = section.text.text, blocks = message.blocks }
end)
