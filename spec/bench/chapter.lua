-- The chapter of the project's README that says what was measured, made of the file of a run.

local circumstances = require "bench.circumstances"
local markdown = require "bench.markdown"
local sizes = require "bench.sizes"

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

-- The text with another one from a heading on, up to the next one that begins so.
local function replace(readme, heading, next_heading, text)
  local first = readme:find("\n" .. heading, 1, true)
  local after = first and readme:find("\n" .. next_heading, first + #heading, true)
  return after and readme:sub(1, first) .. text .. readme:sub(after)
end

---@param readme string the text of the README
---@param document bench.Results
---@return string? readme with the chapter anew, and that on sizes when all is there for it
---@return string? error
function M.replace(readme, document)
  readme = replace(readme, HEADING, "## ", M.text(document))
  if not readme then
    return nil, "the README has no chapter 'Measured' with another one behind it"
  end
  local text = sizes.text(document.figures)
  return text and replace(readme, sizes.HEADING, "### ", text) or readme
end

---The README of the bench with the seconds that each part took, in the rows that name it.
---@param readme string
---@param document bench.Results
---@return string readme
function M.with_seconds(readme, document)
  return (readme:gsub("\n(| `([%w_]+)` |[^\n]*| )%d+ |", function(row, part)
    local seconds = not document.failed[part] and document.seconds[part]
    return seconds and ("\n%s%.0f |"):format(row, seconds)
  end))
end

return M
