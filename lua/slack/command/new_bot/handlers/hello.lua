-- Answers a greeting, and who mentions it. Change a text and save: the next answer is the new one.
local slack = require "slack"
local app = ...

app:message(slack.pattern "^[Hh]ello", function(c)
  c:say(("Hello, <@%s>!"):format(c.user_id))
end)

app:event("app_mention", function(c)
  c:reply "Say *hello* or *book a table*, or type /lunch."
end)
