-- What a test says in place of Slack and of other servers.

local acting = require "slack.testing.acting"
local methods = require "slack.web_api.methods"

---@class slack.Test
local M = {}

local refuse = acting.refuse

---From now on a method of the Web API answers so; nil: as the local Slack does. A failure is
---`{ error = "channel_not_found" }` or `{ status = 429, retry_after = 30 }`, with `times` for so
---many calls; a function gets the arguments, and gives the answer, or nil for the local Slack's.
---@param method string "*": any
---@param answer? table|fun(args: table): table?
function M:stub(method, answer)
  if type(method) ~= "string" or not (method == "*" or method:find "^%a[%w_.]*$") then
    refuse("t:stub: the name of a Web API method expected, got %s", tostring(method))
  elseif answer ~= nil and type(answer) ~= "table" and type(answer) ~= "function" then
    refuse("t:stub: an answer expected: a table, { error = word }, or a function; got %s",
      type(answer))
  end
  local advice = method ~= "*" and not methods.find(method) and methods.near(method) or ""
  if advice ~= "" then
    refuse("t:stub: there is no method %s%s", method, advice)
  end
  self.web.api_stubs:add(method, function(name) return method == "*" or name == method end, answer)
end

local function matcher(where)
  if type(where) == "function" then
    return where
  elseif type(where) == "table" and type(where.match) == "function" then
    return function(asked) return where:match(asked.url) ~= nil end
  end
  local verb, url = where:match "^(%u+) (.+)$"
  url = url or where
  return function(asked)
    return (not verb or asked.method == verb)
      and (asked.url == url or asked.url:match "^[^?]*" == url)
  end
end

---From now on requests to another server are answered so; nil: not any more. The answer is
---`{ status =, json = | body =, headers = }`, `{ error = "timeout" }`, text for a body, or a
---function that gets what is asked (method, url, headers, body, json).
---@param where string|slack.Pattern|fun(asked: slack.fake_network.Asked): boolean a URL, with or
---  without its query, after a method if it matters: "POST https://ci.example/deploy"
---@param answer? slack.testing.Response|string|fun(asked: slack.fake_network.Asked): any
function M:stub_fetch(where, answer)
  local kind = type(where)
  if kind == "string" and not where:find "^%u* ?%a[%w+.-]*://." then
    refuse("t:stub_fetch: a URL expected, got %q", where)
  elseif kind ~= "string" and kind ~= "function" and not (kind == "table" and where.match) then
    refuse("t:stub_fetch: a URL, a slack.pattern or a function expected, got %s", kind)
  elseif answer ~= nil and type(answer) ~= "table" and type(answer) ~= "string"
    and type(answer) ~= "function" then
    refuse("t:stub_fetch: an answer expected: a table, text or a function; got %s", type(answer))
  end
  self.web.server_stubs:add(where, matcher(where), answer)
end

return M
