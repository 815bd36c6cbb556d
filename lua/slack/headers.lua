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

-- Who sends a head may have made it to be read slowly: of thousands of blanks, with no colon in
-- it, or with thousands of lines of one name. Nothing here looks at a byte more than a few times.

-- Name in lower case and value; nil for what is no header's line.
local function read_line(line)
  local colon = line:find(":", 1, true)
  if colon and colon > 1 then
    local start = line:find("[^ \t]", colon + 1)
    return line:sub(1, colon - 1):lower(), start and line:match("^.*[^ \t]", start) or ""
  end
end

local function join(headers, lists)
  for name, list in pairs(lists) do
    headers[name] = table.concat(list, SEPARATORS[name] or ", ")
  end
end

---Values by lower-case name, found in any case. Repeated headers are joined, as
---HTTP allows.
---@param text string lines as received
---@return table<string, string>
function M.parse(text)
  local headers, lists = setmetatable({}, Headers), nil
  for line in text:gmatch "[^\r\n]+" do
    local name, value = read_line(line)
    local before = name and rawget(headers, name)
    if before then
      lists = lists or {}
      lists[name] = lists[name] or { before }
      table.insert(lists[name], value)
    elseif name then
      headers[name] = value
    end
  end
  if lists then
    join(headers, lists)
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
