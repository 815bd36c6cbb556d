-- What a server answered.

local core = require "slack.core"
local errors = require "slack.errors"
local json = require "slack.json"

local find_header = core.find_header
local parse_headers = require("slack.headers").parse

---@class slack.Response
---@field status integer
---@field ok boolean the status is in 200..299
---@field headers table<string, string> looked up in any case
---@field body string decompressed; "" when a sink took it
---@field received? integer bytes that a sink took
---@field seconds number from request to answer
---@field version string of HTTP
---@field redirect? string where a 3xx points to
---@field url string what was asked for last
local Response = { __name = "slack.response" }

function Response:__index(key)
  if key == "headers" then
    local headers = parse_headers(self.header_lines)
    self.headers = headers
    return headers
  elseif key == "ok" then
    return self.status >= 200 and self.status < 300
  end
  return Response[key]
end

---One header, found without making a table of all of them.
---@param name string in any case
---@return string? value
function Response:header(name)
  return find_header(self.header_lines, name)
end

---The body decoded from JSON.
---@return any value nil when it is not JSON
---@return slack.Error? err
function Response:json()
  local value, message = json.decode(self.body)
  if message then
    return nil, errors.new {
      code = "invalid_json",
      message = ("the answer with status %d is not JSON: %s"):format(self.status, message),
      status = self.status,
      body = self.body,
    }
  end
  return value
end

---@param fields slack.core.http_response becomes the response
---@param url string
---@return slack.Response
function Response.new(fields, url)
  fields.header_lines, fields.headers = fields.headers, nil
  fields.url = url
  return setmetatable(fields, Response)
end

return Response
