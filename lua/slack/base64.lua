-- Base64 (RFC 4648), and the same in the alphabet of URLs, without padding.

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local FROM_URL = { ["-"] = "+", ["_"] = "/" }
local TO_URL = { ["+"] = "-", ["/"] = "_" }

local VALUES = {}
for i = 1, #ALPHABET do
  VALUES[ALPHABET:byte(i)] = i - 1
end

local M = {}

local function letter(value)
  return ALPHABET:sub(value + 1, value + 1)
end

-- One to three bytes as two to four letters.
local function encode_group(group)
  local a, b, c = group:byte(1, 3)
  local bits = a << 16 | (b or 0) << 8 | (c or 0)
  return letter(bits >> 18) .. letter(bits >> 12 & 63)
    .. (b and letter(bits >> 6 & 63) or "") .. (c and letter(bits & 63) or "")
end

---@param bytes string
---@return string text of letters, digits, "-" and "_"
function M.encode_url(bytes)
  return (bytes:gsub("..?.?", encode_group))
end

---@param text string
---@return string? bytes nil when the text is not in the alphabet or cannot be that long
function M.decode_url(text)
  if text:find "[^%w_-]" or #text % 4 == 1 then
    return nil
  end
  local parts, bits, count = {}, 0, 0
  for i = 1, #text do
    bits, count = bits << 6 | VALUES[text:byte(i)], count + 6
    if count >= 8 then
      count = count - 8
      parts[#parts + 1] = string.char(bits >> count & 255)
      bits = bits & (1 << count) - 1
    end
  end
  return table.concat(parts)
end

---@param bytes string
---@return string
function M.encode(bytes)
  local text = M.encode_url(bytes):gsub("[-_]", FROM_URL)
  return text .. ("="):rep(-#text % 4)
end

---@param text string with or without padding
---@return string? bytes nil when it is no base64
function M.decode(text)
  return M.decode_url((text:gsub("=+$", ""):gsub("[+/]", TO_URL)))
end

return M
