-- Ids of Slack's kind.

local ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

---A fresh id: the prefix and ten letters and digits.
---@param prefix string
---@return string
local function new_id(prefix)
  local characters = { prefix, "0" }
  for i = 3, 11 do
    local at = math.random(#ID_CHARACTERS)
    characters[i] = ID_CHARACTERS:sub(at, at)
  end
  return table.concat(characters)
end

return new_id
