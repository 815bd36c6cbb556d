-- Answers a greeting; the specs edit this file.
local slack = require "slack"
local app = ...

app:message(slack.pattern "^hello", function(c)
  c:say(("Hello, <@%s>!"):format(c.user_id))
end)

app:message("whisper", function(c)
  c:say { text = "A *secret* for you.", ephemeral = true }
end)

app:message("thread", function(c)
  c:reply "In a thread."
end)

app:message("markup", function(c)
  c:say(table.concat({
    "*bold* _italic_ ~struck~ `code` *_both_* :wave: :wave::skin-tone-4: :nonesuch:",
    "&lt;b&gt;not bold&lt;/b&gt; &amp; <https://example.com/a?b=c&amp;d|a link> "
      .. "<javascript:alert(1)|no link>",
    ("<@%s> <#%s> <!here> <!date^0^{date_num} {time}|once>"):format(c.user_id, c.channel_id),
    "&gt; quoted",
    "```local x = 1 < 2 -- *not bold*```",
    "<img src=x onerror=alert(1)>",
  }, "\n"))
end)

app:message("attachment", function(c)
  c:say { text = "Of old:", attachments = { {
    color = "#36a64f", pretext = "Before it", author_name = "Ada", title = "A title",
    title_link = "https://example.com/", text = "Some *text*",
    fields = { { title = "Priority", value = "High", short = true },
      { title = "State", value = "Open", short = true } },
    footer = "Footer", ts = 1700000000, fallback = "A title",
  } } }
end)

app:shortcut("greet", function(c)
  c:say { channel = c.user_id, text = "A shortcut greets you." }
end)

app:shortcut("repeat_it", function(c)
  c:reply("You said: " .. (c.message.text or ""))
end)
