-- A manifest that somebody has written: JSON or YAML, whichever it is.

local json = require "slack.json"
local yaml = require "slack.manifest.yaml"

local M = {}

local function decode(text)
  if text:find "^%s*{" then
    local value, problem = json.decode(text)
    return value, problem and tostring(problem)
  end
  return yaml.read(text)
end

---@param path string
---@return table? manifest
---@return string? problem names the file, and the line where it is known
function M.read(path)
  local file <close>, message = io.open(path, "rb")
  local text = file and file:read "a"
  if not text then
    return nil, message or path .. ": it cannot be read"
  end
  local manifest, problem = decode(text)
  if manifest == nil then
    return nil, ("%s: %s"):format(path, problem)
  elseif type(manifest) ~= "table" or json.is_list(manifest) or manifest[1] ~= nil then
    return nil, ("%s: a manifest expected, got something else"):format(path)
  end
  return manifest
end

return M
