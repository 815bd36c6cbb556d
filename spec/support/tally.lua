-- busted's output, followed by one line that people and programs can read alike:
-- "N passed, N failed, N skipped". With TALLY=FILE it is added to that file too,
-- so that several suites can be summed; with REMARKS=FILE what failed, and why what was skipped
-- was, is added there, a line each.
local samples = require "support.samples"

local terminal = require("term").isatty(io.stdout) and "utfTerminal" or "plainTerminal"

local function summary(handler)
  return ("%d passed, %d failed, %d skipped"):format(
    handler.successesCount,
    handler.failuresCount + handler.errorsCount,
    handler.pendingsCount
  )
end

local function append(path, line)
  local file <close> = assert(io.open(path, "a"))
  file:write(line, "\n")
end

local function place_of(entry)
  local trace = entry.element.trace or entry.trace or {}
  return ("%s:%d"):format(trace.short_src or "?", trace.currentline or 0)
end

local function remark(path, handler)
  for _, list in ipairs { handler.failures, handler.errors } do
    for _, entry in ipairs(list) do
      append(path, ("failed: %s (%s)"):format(entry.name, place_of(entry)))
    end
  end
  for _, entry in ipairs(handler.pendings) do
    local why = tostring(entry.message or entry.name):gsub("^%S+:%d+: ", "")
    append(path, "skipped: " .. why:match "[^\n]*")
  end
  if not samples.ARE_THERE then
    append(path, samples.MISSING)
  end
end

return function(options)
  local busted = require "busted"
  local handler = require("busted.outputHandlers." .. terminal)(options)

  busted.subscribe({ "exit" }, function()
    local remarks = os.getenv "REMARKS"
    if remarks then
      remark(remarks, handler)
    elseif not samples.ARE_THERE then
      io.stdout:write(samples.MISSING, "\n")
    end
    local line = summary(handler)
    if os.getenv("TALLY") then
      append(os.getenv("TALLY"), line)
    end
    io.stdout:write(line, "\n")
    return nil, true
  end)

  return handler
end
