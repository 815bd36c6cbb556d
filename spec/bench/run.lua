-- Measures lua-slack beside bare C programs and, where they are installed, its peers: prints
-- tables and writes every figure into a file. The README of this folder says how to use it.
--   lua5.4 spec/bench/run.lua [BUILD_DIRECTORY]
package.cpath = (arg[1] or "build") .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local settings = require "bench.settings"

local Report = require "bench.report"
local aims = require "bench.aims"
local circumstances = require "bench.circumstances"
local results = require "bench.results"

local PARTS <const> = {
  "socket_mode", "memory", "http", "web_api", "dispatch", "conversations", "reload", "inbox",
  "storage", "relays",
}

io.stdout:setvbuf "line"
local report, around = Report.new(settings), circumstances.read()
report:say(circumstances.line(around, report.rounds))
local parts = {}
for _, part in ipairs(PARTS) do
  parts[#parts + 1] = settings.wants_part(part) and part or nil
end
-- A part that fails takes nothing from the others, and a process that dies nothing from those
-- that went before.
report:measure(parts, function(part) return require("bench." .. part) end, function()
  results.write(settings.json, report, around)
end)
local aimed = not report.is_quick and aims(report.figures)
if aimed then
  report:table(aimed)
  table.insert(report.tables, 1, table.remove(report.tables))
end
results.write(settings.json, report, around)
report:say(("\nEvery figure: %s"):format(settings.json))
os.exit(next(report.failed) == nil, true)
