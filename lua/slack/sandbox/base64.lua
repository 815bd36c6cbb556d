-- Base64 (RFC 4648), for Basic authentication.

local base64url = require "slack.oauth.base64url"

local M = {}

local FROM_URL = { ["-"] = "+", ["_"] = "/" }
local TO_URL = { ["+"] = "-", ["/"] = "_" }

---@param bytes string
---@return string
function M.encode(bytes)
  local text = base64url.encode(bytes):gsub("[-_]", FROM_URL)
  return text .. ("="):rep(-#text % 4)
end

---@param text string
---@return string? bytes nil when it is no base64
function M.decode(text)
  return base64url.decode((text:gsub("=+$", ""):gsub("[+/]", TO_URL)))
end

return M
