-- Starts and ends Socket Mode in every way there is; valgrind says whether
-- anything stays behind. Run by spec/sanitize/run.
local Wire = require "support.wire_slack"
local footprint = require "support.footprint"

local wire = Wire.start()

local endings = {
  function(bot)
    bot.mode:stop(1)
    bot:wait("stopped")
  end,
  function(_, socket) -- with an ack owed and events unread
    wire:command(socket, "C")
    wire:event(socket, "E", ("x"):rep(100000))
  end,
  function(bot, socket) -- while being replaced
    wire:disconnect(socket, "refresh_requested")
    bot:wait("draining")
  end,
  function(bot, socket) -- with an ack that no connection can take
    wire:command(socket, "C")
    wire:wait("the command", function()
      return bot:envelope "C"
    end, 60)
    wire.hold_opens = true
    wire:act(socket, "reset")
    bot:wait("closed")
    bot.mode:ack(bot:envelope("C").ack_token, "{}")
    wire:pass(0.1)
    wire.hold_opens = false
  end,
  function(bot, socket) -- in the middle of a message
    wire:act(socket, "raw", "\x81\x7e\x10\x00half")
    wire:act(socket, "binary", "x")
    wire:pass(0.1)
    bot.mode:stop(0)
  end,
}

footprint.rounds(4, function()
  for _, finish in ipairs(endings) do
    local bot, socket = wire:ready_bot { open_timeout = 60, hello_timeout = 60 }
    finish(bot, socket)
    wire:drop(bot)
  end
  wire.hold_opens, wire.held = true, nil
  local opening = wire:bot { open_timeout = 60 }
  wire:wait("the call", function()
    return wire.held
  end, 60)
  wire:drop(opening)
  wire.hold_opens = false
  wire:answer_next(200, '{"ok":false,"error":"invalid_auth"}')
  local refused = wire:bot()
  refused:wait("fatal")
  wire:drop(refused)
end, 6) -- the HTTP client may keep another connection or two, with both ends here
wire:close()
