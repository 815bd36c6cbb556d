-- Runs and ends a worker many times, that serves HTTP on the port kept for it; valgrind
-- looks at its end too.
local core = require "slack.core"
local footprint = require "support.footprint"
local log = require "slack.log"
local workers = require "slack.workers"

local supervisor = core.pid()
local reserved = assert(core.reserve_port("127.0.0.1", 0))

local function serve()
  local fetch = require "slack.fetch"
  local interrupts = require "slack.interrupts"
  local loop = require "slack.loop"
  local tasks = require "slack.tasks"
  local stopped = tasks.waiter()
  local guard <close> = interrupts.listen(function() -- luacheck: ignore 211
    stopped:resolve(true)
  end)
  local server <close> = assert(core.http_server {
    mailbox = loop.mailbox(), source = 1, log = log.new({ level = "off" }):core(),
    port = reserved:port(), reuse_port = true, max_body = 10,
  })
  tasks.run(function()
    local response = assert(fetch(("http://127.0.0.1:%d/"):format(server:port()),
      { proxy = "", body = "more than ten bytes" }))
    assert(response.status == 413, response.status)
    core.signal_process(supervisor, "TERM")
    stopped:await()
  end)
  return true
end

footprint.rounds(4, function()
  assert(workers.run {
    count = 1, shutdown_timeout = 60, log = log.new { level = "off" }, work = serve,
  })
end)
reserved:close()
