-- Answers a greeting. Change the text and save: the next answer is the new one.
local slack = require "slack"
local app = ...

app:message(slack.pattern "^[Hh]ello", function(c)
  c:say(("Hello, <@%s>!"):format(c.user_id))
end)
