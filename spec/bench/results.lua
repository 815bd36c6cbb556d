-- The file of a run: where and when it was, and every figure with the value of each round.

local document = require "bench.document"
local json = require "cjson"

local M = {}

local FORMAT <const> = 1

---@class bench.Results
---@field format integer
---@field around table what bench.circumstances says
---@field rounds integer
---@field is_quick boolean
---@field seconds table<string, number> that each part took
---@field failed table<string, string> parts that could not be measured to their end, and why
---@field figures table[] part, group, who, what, better?, values
---@field tables bench.Table[]

---@param path string
---@param report bench.Report
---@param around table
function M.write(path, report, around)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(json.encode {
    format = FORMAT, around = around, rounds = report.rounds, is_quick = report.is_quick,
    seconds = report.seconds, failed = report.failed, figures = report.figures,
    tables = report.tables,
  }, "\n"))
end

---@param path string
---@return bench.Results?, string? error
function M.read(path)
  return document.read(path, function(one) return one.format == FORMAT end,
    "is no file of the bench, or of another version of it")
end

---What a figure is called: the same in each file.
---@param figure table
---@return string
function M.name(figure)
  return table.concat({ figure.part, figure.group, figure.who, figure.what }, ": ")
end

return M
