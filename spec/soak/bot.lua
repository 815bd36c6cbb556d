-- The bot of the mixed trial (support/soak_trial.lua), in a process of its own. What it does
-- stands in a script (handlers.lua) that is saved again and again. It notes what happens in the
-- trial's ledger, and tells at /heap what its Lua holds.
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

app:route("GET", "/heap", function()
  collectgarbage()
  collectgarbage()
  return ("%d"):format(collectgarbage "count" * 1024 // 1)
end)

os.exit(app:run() or 1)
