-- A port for a server that goes away and comes back: one that nobody listens on now, and that
-- the system gives nobody by itself, so that it is not taken while the server is down, and
-- nobody who connects to it meanwhile finds himself.
local core = require "slack.core"
local log = require "slack.log"
local loop = require "slack.loop"

local FIRST <const>, COUNT <const> = 10000, 22000
local STEP <const> = 7919 -- a prime: all ports come before one comes again

-- Processes that run at the same time begin apart; chance would not do: interpreters for
-- sanitizers that start in the same second draw the same numbers.
local position = core.pid() * 31

local silent = log.new { level = "off" }

local function is_free(port)
  local source = loop.register(function() end)
  local server = core.http_server {
    mailbox = loop.mailbox(), source = source, log = silent:core(), port = port,
  }
  if server then
    server:close()
  end
  loop.unregister(source)
  return server ~= nil
end

---@return integer port
return function()
  while true do
    position = position + STEP
    local port = FIRST + position % COUNT
    if is_free(port) then
      return port
    end
  end
end
