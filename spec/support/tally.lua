-- busted's output, followed by one line that people and programs can read alike:
-- "N passed, N failed, N skipped". With TALLY=FILE it is added to that file too,
-- so that several suites can be summed.
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
  local file = assert(io.open(path, "a"))
  file:write(line, "\n")
  file:close()
end

return function(options)
  local busted = require "busted"
  local handler = require("busted.outputHandlers." .. terminal)(options)

  busted.subscribe({ "exit" }, function()
    if not samples.ARE_THERE then
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
