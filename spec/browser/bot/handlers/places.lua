-- The home tab and the assistant.
local slack = require "slack"
local app = ...
local blocks = slack.blocks

local function show(c, count)
  c:publish(blocks.home {
    blocks.header "Welcome home",
    ("You pressed *%d* times."):format(count),
    blocks.actions { blocks.button("Press me", "press_home", { value = tostring(count) }) },
  })
end

app:event("app_home_opened", function(c)
  if c.event.tab == "home" and not c.event.view then show(c, 0) end
end)

app:action("press_home", function(c) show(c, tonumber(c.action.value) + 1) end)

app:assistant {
  thread_started = function(c)
    c:say "How can I help?"
    c:prompts { title = "Begin with", "How far is the moon?", "And Mars?" }
  end,

  user_message = function(c)
    c:status "is thinking …"
    c:title(c.text)
    local stream <close> = c:stream()
    stream:append "**384,400 km**, about\n\n- thirty Earths\n- `1.3` light seconds"
    stream:finish()
  end,
}
