-- Base64 (RFC 4648), for Basic authentication, PKCE and identity tokens.

local M = {}

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local VALUES = {}
for i = 1, #DIGITS do
  VALUES[DIGITS:sub(i, i)] = i - 1
end

local function digit(value)
  return DIGITS:sub(value + 1, value + 1)
end

---@param bytes string
---@return string
function M.encode(bytes)
  local text = bytes:gsub("..?.?", function(group)
    local a, b, c = group:byte(1, 3)
    local all = a << 16 | (b or 0) << 8 | (c or 0)
    return digit(all >> 18) .. digit(all >> 12 & 63)
      .. (b and digit(all >> 6 & 63) or "=") .. (c and digit(all & 63) or "=")
  end)
  return text
end

---The form that stands in URLs: no padding.
---@param bytes string
---@return string
function M.encode_url(bytes)
  return (M.encode(bytes):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

---@param text string
---@return string? bytes nil when it is no base64
function M.decode(text)
  if text:find "[^%w+/=]" or #text % 4 ~= 0 then
    return nil
  end
  local bytes = text:gsub("(.)(.)(.)(.)", function(a, b, c, d)
    local all = (VALUES[a] or 0) << 18 | (VALUES[b] or 0) << 12 | (VALUES[c] or 0) << 6
      | (VALUES[d] or 0)
    local length = c == "=" and 1 or d == "=" and 2 or 3
    return string.char(all >> 16, all >> 8 & 255, all & 255):sub(1, length)
  end)
  return bytes
end

return M
