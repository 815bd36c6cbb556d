-- The JSON files of the bench: results of a run, and the baseline of instructions.

local json = require "cjson"

local M = {}

---@param path string
---@param is_one fun(document: table): boolean? whether it is what is looked for
---@param otherwise string what to say of a file that is not: "is no baseline"
---@return table?, string? error
function M.read(path, is_one, otherwise)
  local file <close>, err = io.open(path)
  if not file then
    return nil, err
  end
  local ok, document = pcall(json.decode, (file:read "a"))
  if not ok or type(document) ~= "table" or not is_one(document) then
    return nil, path .. " " .. otherwise
  end
  return document
end

return M
