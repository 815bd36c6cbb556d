-- The bot of the mixed trial (support/soak_trial.lua), in a process of its own. What it does
-- stands in a script (handlers.lua) that is saved again and again. It notes what happens in the
-- trial's ledger, and tells at /held what it holds.
local allocated = require "support.allocated"
local core = require "slack.core"
local json = require "slack.json"
local ledger = require "support.ledger"
local slack = require "slack"

local given = assert(json.decode(os.getenv "TRIAL"))
local app = slack.app(given.options)
local note = ledger.writer(given.ledger)

app.trial = { note = note, pid = core.pid(), work = given.work, posts = given.posts }

app.scripts:subscribe(function(report)
  note(report.kind, "Script", report.generation or report.kept)
end)

-- Bytes: of Lua; of SQLite; of all else that the C library has given out.
local take = allocated.load(given.probe)
app:route("GET", "/held", function()
  collectgarbage()
  collectgarbage()
  local lua = collectgarbage "count" * 1024 // 1 | 0
  local all, sqlite = take()
  return ("%d %d %d"):format(lua, sqlite, math.max(all - sqlite - lua, 0))
end)

os.exit(app:run() or 1)
