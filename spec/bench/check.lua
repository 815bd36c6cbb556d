-- Counts the instructions of the event path and compares them with the baseline: ends with 1
-- when one of them is more than the band allows, or when nothing can be compared.
--   lua5.4 spec/bench/check.lua BUILD_DIRECTORY [baseline]     baseline: writes it instead
package.cpath = arg[1] .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local band = require "bench.band"
local baseline = require "bench.baseline"
local instructions = require "bench.instructions"
local markdown = require "bench.markdown"

local PATH <const> = "spec/bench/instructions.json"

local function fail(...)
  io.stderr:write("bench-check: ", string.format(...), "\n")
  os.exit(1)
end

local function thousands(number)
  local text = ("%d"):format(number)
  return (text:reverse():gsub("(%d%d%d)(%d)", "%1,%2"):gsub("(%d%d%d)(%d)", "%1,%2"):reverse())
end

local function print_verdicts(verdicts)
  local rows = {}
  for i, verdict in ipairs(verdicts) do
    rows[i] = {
      verdict.name, verdict.before and thousands(verdict.before) or "–",
      verdict.now and thousands(verdict.now) or "–",
      verdict.change and ("%+.1f %%"):format(verdict.change * 100) or "–",
      (verdict.is_failure and "FAILS: " or "") .. verdict.says,
    }
  end
  print(markdown.table {
    title = ("Instructions of the event path, each at most %.0f %% more than the baseline's")
      :format(band.BAND * 100),
    heads = { "what", "baseline", "now", "change", "" }, rows = rows,
  })
end

local function check(versions)
  local before, err = baseline.read(PATH)
  if not before then
    fail("%s; make bench-baseline writes it", err)
  end
  local others, patches = band.differences(before.versions, versions)
  if #others > 0 then
    fail("these counts and the baseline's have nothing to say about each other:\n  %s\n"
      .. "Count with what the baseline was made with, or make bench-baseline.",
      table.concat(others, "\n  "))
  end
  for _, patch in ipairs(patches) do
    print("(another patch release, compared all the same: " .. patch .. ")")
  end
  local verdicts, passes = band.compare(before.figures, instructions.count())
  print_verdicts(verdicts)
  os.exit(passes)
end

if not os.execute "command -v valgrind >/dev/null" then
  fail "valgrind is not installed; make deps-ci brings it"
end
local versions = instructions.versions()
if arg[2] == "baseline" then
  assert(baseline.write(PATH, { versions = versions, figures = instructions.count() }))
  print("written: " .. PATH)
else
  check(versions)
end
