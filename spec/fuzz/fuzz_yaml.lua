-- A manifest's text as anybody may write it: a value, or the line of what is wrong; and a value
-- that was read is the same once it has been written and read again.
local writer = require "slack.manifest.writer"
local yaml = require "slack.manifest.yaml"

local function is_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not is_same(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

return function(text)
  local value, problem = yaml.read(text)
  if value == nil then
    assert(problem:find "^line %d+: ", problem)
  elseif type(value) == "table" and next(value) ~= nil and utf8.len(text) then
    local written = writer.yaml(value)
    local again, why = yaml.read(written)
    assert(is_same(value, again), written .. "\n" .. tostring(why))
  end
end
