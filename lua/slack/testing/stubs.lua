-- What a test says instead of Slack and of other servers.

local json = require "slack.json"
local merged = require "slack.merged"

---An answer of the Web API: what Slack would say; a failure; or a function that gives it.
---@class slack.testing.ApiAnswer
---@field error? string Slack's word
---@field status? integer of HTTP
---@field retry_after? integer seconds
---@field times? integer how many calls it is for; all
---@field delay? number seconds before it

---An answer of another server.
---@class slack.testing.Response
---@field status? integer 200
---@field headers? table<string, string>
---@field body? string
---@field json? any
---@field error? string the code of a failure: "connection", "timeout", "dns", …
---@field times? integer
---@field delay? number seconds before it

---@class slack.testing.Stubs
---@field list table[] the newest last
local Stubs = {}
Stubs.__index = Stubs
Stubs.__name = "slack.testing.stubs"

---@return slack.testing.Stubs
function Stubs.new()
  return setmetatable({ list = {} }, Stubs)
end

---From now on what matches is answered so.
---@param matches fun(...): boolean
---@param answer any
function Stubs:add(key, matches, answer)
  for i = #self.list, 1, -1 do
    if self.list[i].key == key then
      table.remove(self.list, i)
    end
  end
  if answer ~= nil then
    local left = type(answer) == "table" and answer.times or math.huge
    table.insert(self.list, { key = key, matches = matches, answer = answer, left = left })
  end
end

---The answer for what is asked, the newest stub first.
---@return any answer nil: there is none
function Stubs:take(...)
  for i = #self.list, 1, -1 do
    local stub = self.list[i]
    if stub.matches(...) then
      stub.left = stub.left - 1
      if stub.left <= 0 then
        table.remove(self.list, i)
      end
      return stub.answer
    end
  end
end

---@param answer table of a Web API method
---@return slack.fake_network.Told
function Stubs.told_by_slack(answer)
  local status = answer.status or answer.error == "ratelimited" and 429 or 200
  local content = merged(answer)
  content.times, content.status, content.retry_after, content.delay = nil, nil, nil, nil
  content.error = answer.error or status == 429 and "ratelimited"
    or status >= 400 and "internal_error" or nil
  content.ok = content.error == nil
  local headers = { "Content-Type", "application/json; charset=utf-8" }
  if answer.retry_after or status == 429 then
    headers[3], headers[4] = "Retry-After", tostring(answer.retry_after or 1)
  end
  return { status = status, headers = headers, body = assert(json.encode(content)) }
end

---@param answer slack.testing.Response|string
---@return slack.fake_network.Told
function Stubs.told_by_server(answer)
  if type(answer) == "string" then
    answer = { body = answer }
  elseif answer.error then
    return { code = answer.error, message = "the test says so: " .. answer.error }
  end
  local headers = {}
  for name, value in pairs(answer.headers or {}) do
    headers[#headers + 1], headers[#headers + 2] = name, tostring(value)
  end
  local body = answer.body
  if answer.json ~= nil then
    body = assert(json.encode(answer.json))
    headers[#headers + 1], headers[#headers + 2] = "Content-Type", "application/json"
  end
  return { status = answer.status or 200, headers = headers, body = body or "" }
end

return Stubs
