-- What the bot promises: `lua5.4 spec/bot_spec.lua` or `busted --lua=lua5.4`
-- in its folder.
-- luacheck: globals it

local testing = require "slack.testing"

local it = it or function(promise, test)
  test()
  print("ok  " .. promise)
end

it("greets who greets it", function()
  local t <close> = testing.new "bot.lua"
  local r = t:message("hello", { user = "ada" })
  assert(r.said[1].text:find "^Hello, <@U")
end)

it("books a table in a conversation", function()
  local t <close> = testing.new "bot.lua"
  t:message "book a table"
  t:message "Friday"
  local r = t:click "4"
  assert(r.said[#r.said].text == "A table for 4, Friday.")
end)

it("asks in a modal where to have lunch, and for how many", function()
  local t <close> = testing.new "bot.lua"
  t:command "/lunch"
  local r = t:submit { place = "Luigi's", guests = 40 }
  assert(r.ack.response_action == "errors")
  r = t:submit { place = "Luigi's", guests = 4 }
  assert(r.said[1].text:find "Luigi's: 4 places")
end)
