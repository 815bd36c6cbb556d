-- The app that faults are done to, with no option that is not its default. Writes a line for
-- each event that its handler gets, and for each of its log.
--   FAULT_TRIAL='{"api_url": …}' lua5.4 app.lua
local core = require "slack.core"
local json = require "slack.json"
local slack = require "slack"

local options = assert(json.decode(os.getenv "FAULT_TRIAL"))

local function write(what, text)
  io.stdout:write(("%.6f %s %s\n"):format(core.monotonic(), what, text))
end

io.stdout:setvbuf "line"
options.log = {
  level = "info",
  sink = function(line)
    write("log", line)
    -- Whatever is worth a warning about a connection is how a person hears of a fault.
    if line:find " WARN " or line:find " ERROR " then
      write("noticed", line)
    end
  end,
}
local app = slack.app(options)
app:event("app_mention", function(c) write("handled", c.event.text) end)
os.exit(app:run() or 1)
