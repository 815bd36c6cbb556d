-- The file of the baseline: one line for each version and each figure, so that a change of it
-- can be read.

local document = require "bench.document"
local json = require "cjson"

local M = {}

local function sorted_lines(map, line)
  local names, lines = {}, {}
  for name in pairs(map) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    lines[i] = ("    %s: %s"):format(json.encode(name), line(map[name]))
  end
  return table.concat(lines, ",\n")
end

---@class bench.Baseline
---@field versions table<string, string>
---@field figures table<string, integer>

---@param path string
---@param baseline bench.Baseline
---@return true?, string? error
function M.write(path, baseline)
  local file <close>, err = io.open(path, "w")
  if not file then
    return nil, err
  end
  local versions = sorted_lines(baseline.versions, json.encode)
  local figures = sorted_lines(baseline.figures, function(count) return ("%d"):format(count) end)
  local ok, problem = file:write('{\n  "versions": {\n', versions, '\n  },\n  "figures": {\n',
    figures, "\n  }\n}\n")
  return ok and true, problem
end

---@param path string
---@return bench.Baseline?, string? error
function M.read(path)
  return document.read(path, function(one) return one.versions and one.figures end,
    "is no baseline")
end

return M
