-- What people write: read without a mistake, and no part of it is lost or added.
local mrkdwn = require "slack.mrkdwn"

return function(text)
  assert(mrkdwn.unescape(mrkdwn.escape(text)) == text)
  assert(not mrkdwn.escape(text):find "[<>]")
  local raw = {}
  for i, part in ipairs(mrkdwn.parse(text)) do
    raw[i] = part.raw
  end
  assert(table.concat(raw) == text, "the parts are not the text")
  assert(type(mrkdwn.plain(text)) == "string")
  local found = mrkdwn.mentions(mrkdwn.escape(text))
  for _, name in ipairs { "users", "channels", "usergroups", "broadcasts", "links" } do
    assert(#found[name] == 0, "escaped text mentions somebody")
  end
  mrkdwn.mentions(text)
end
