-- The header lines of an HTTP message as a table.

local Headers = {
  __name = "slack.headers",
  __index = function(headers, name)
    return type(name) == "string" and rawget(headers, name:lower()) or nil
  end,
}

local M = {}

---Values by lower-case name, found in any case. Repeated headers are joined by
---commas, as HTTP allows.
---@param text string lines as received
---@return table<string, string>
function M.parse(text)
  local headers = setmetatable({}, Headers)
  for name, value in text:gmatch "([^:\r\n]+):[ \t]*([^\r\n]*)" do
    name, value = name:lower(), value:gsub("[ \t]+$", "")
    local before = rawget(headers, name)
    headers[name] = before and before .. ", " .. value or value
  end
  return headers
end

return M
