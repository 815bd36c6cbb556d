-- The header lines of an HTTP message as a table.

local Headers = {
  __name = "slack.headers",
  __index = function(headers, name)
    return type(name) == "string" and rawget(headers, name:lower()) or nil
  end,
}

-- Which are joined by something else than a comma (RFC 6265 §5.4).
local SEPARATORS = { cookie = "; " }

local M = {}

-- Anybody may send thousands of blanks: a pattern that tries each of them in turn as the
-- beginning of the last ones would take seconds.

---Values by lower-case name, found in any case. Repeated headers are joined, as
---HTTP allows.
---@param text string lines as received
---@return table<string, string>
function M.parse(text)
  local headers = setmetatable({}, Headers)
  for name, value in text:gmatch "([^:\r\n]+):[ \t]*([^\r\n]*)" do
    name, value = name:lower(), value:match "^.*[^ \t]" or ""
    local before = rawget(headers, name)
    headers[name] = before and before .. (SEPARATORS[name] or ", ") .. value or value
  end
  return headers
end

---Those that an option gives, by lower-case name, so that none is sent twice.
---@param given? table<any, any>
---@return table<string, string>? headers
---@return string? problem without the value, which may be a secret
function M.of_option(given)
  local headers = {}
  for name, value in pairs(given or {}) do
    if type(name) ~= "string" or (type(value) ~= "string" and type(value) ~= "number") then
      return nil, "names with strings expected"
    elseif not name:find "^[%w!#$%%&'*+.^_`|~-]+$" or tostring(value):find "[\r\n\0]" then
      return nil, ("%q or its value has characters that no header has"):format(name)
    end
    headers[name:lower()] = tostring(value)
  end
  return headers
end

return M
