-- Decoding application/x-www-form-urlencoded text.

local M = {}

local function percent_decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

---The fields by name; of repeated names the last counts.
---@param text string
---@return table<string, string>
function M.decode(text)
  local fields = {}
  for pair in text:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    fields[percent_decode(name)] = percent_decode(value)
  end
  return fields
end

return M
