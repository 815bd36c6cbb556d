-- Starts and ends RTM in every way there is; valgrind says whether anything stays
-- behind. Run by spec/sanitize/run.
local Wire = require "support.wire_slack"
local footprint = require "support.footprint"

local wire = Wire.start()

local endings = {
  function(bot)
    bot.mode:stop(0)
    bot:wait("stopped")
  end,
  function(bot, socket) -- with events and replies unread, and frames unsent
    wire:act(socket, "text", '{"type":"message","text":"' .. ("x"):rep(100000) .. '"}')
    wire:act(socket, "text", '{"ok":true,"reply_to":1}')
    bot.mode:send(1, ("y"):rep(100000), true)
  end,
  function(bot, socket) -- after a goodbye, with the next one ready
    wire:act(socket, "text", '{"type":"goodbye"}')
    bot:wait("ready", 2)
    bot.mode:send(1, "to the one that has gone")
  end,
  function(bot, socket) -- in the middle of a message, while another URL is asked for
    wire.hold_opens = true
    wire:act(socket, "raw", "\x81\x7e\x10\x00half")
    wire:act(socket, "reset")
    bot:wait("closed")
    wire:pass(0.1)
    wire.hold_opens = false
  end,
}

footprint.rounds(4, function()
  for _, finish in ipairs(endings) do
    local bot, socket = wire:ready_bot({ open_timeout = 60, hello_timeout = 60 }, { rtm = true })
    finish(bot, socket)
    wire:drop(bot)
  end
  wire:answer_next(200, '{"ok":false,"error":"invalid_auth"}')
  local refused = wire:bot({}, { rtm = true })
  refused:wait("fatal")
  wire:drop(refused)
end, 6) -- the HTTP client may keep another connection or two, with both ends here
wire:close()
