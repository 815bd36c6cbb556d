-- The chapter of the project's README that says what was measured, made of the file of a run.

local circumstances = require "bench.circumstances"
local markdown = require "bench.markdown"

local M = {}

local HEADING <const> = "## Measured\n"

local INTRODUCTION <const> = table.concat({
  "\n`make bench` prints these tables and some more, and writes the value of each round to",
  "`build/bench/results.json`; [its README](spec/bench/README.md) says what is measured how,",
  "what `make bench-deps` brings, how `make bench-compare` tells two runs apart, and how",
  "`make bench-check` counts instructions.\nThe load comes from the same machine. Handlers,",
  "ours and the peers', read the text of each event, of 1.3 KB; the bare programs in C ack or",
  "answer and do no more. CPU seconds are those of the measured process, by getrusage.\n",
}, " ")

---@param document bench.Results
---@return string
function M.text(document)
  local line = circumstances.line(document.around, document.rounds)
  local parts = { HEADING, INTRODUCTION, line, "\n" }
  for _, one in ipairs(document.tables) do
    if not one.is_detail then
      parts[#parts + 1] = markdown.table(one)
      parts[#parts + 1] = "\n"
    end
  end
  return table.concat(parts)
end

---@param readme string the text of the README
---@param document bench.Results
---@return string? readme with the chapter anew
---@return string? error
function M.replace(readme, document)
  local first = readme:find("\n" .. HEADING, 1, true)
  local next_heading = first and readme:find("\n## ", first + #HEADING, true)
  if not next_heading then
    return nil, "the README has no chapter 'Measured' with another one behind it"
  end
  return readme:sub(1, first) .. M.text(document) .. readme:sub(next_heading)
end

return M
