-- A local Slack whose Web API is called without a network, and what its app would be told.
local json = require "slack.json"
local sandbox = require "support.local_slack"

local M = {}

local function post(here, method, args, token, content_type)
  local status, lines, body = here:answer {
    method = "POST", path = "/api/" .. method, query = "",
    headers = {
      authorization = token and "Bearer " .. token or nil,
      ["content-type"] = content_type or "application/json; charset=utf-8",
    },
    body = type(args) == "string" and args or assert(json.encode(args)),
  }
  local all = {}
  for i = 1, #lines, 2 do
    all[lines[i]] = lines[i + 1]
  end
  return assert(json.decode(body)), all, status
end

---@class spec.LocalApi
---@field here slack.Sandbox
---@field events table[] that the app would get
local Api = {}
Api.__index = Api

---@return table answer, table<string, string> headers, integer status
function Api:call(method, args, token)
  return post(self.here, method, args or {}, token or self.here.bot_token)
end

---@return table answer, table<string, string> headers, integer status
function Api:post(method, body, content_type)
  return post(self.here, method, body, self.here.bot_token, content_type)
end

---An answer that is a success.
function Api:ok(method, args, token)
  local answer = self:call(method, args, token)
  assert(answer.ok, ("%s: %s %s"):format(method, tostring(answer.error),
    json.encode(answer.response_metadata or {})))
  return answer
end

---The error word of a call.
function Api:fails(method, args, token)
  local answer = self:call(method, args, token)
  return answer.error or "no error", answer
end

---Id of a channel or a person.
function Api:id(name)
  local workspace = self.here.workspace
  return (workspace:find_user(name) or workspace:find_channel(name)).id
end

---The types of what the app was told so far, subtypes instead where there are some.
function Api:told()
  local list = {}
  for i, event in ipairs(self.events) do
    list[i] = event.subtype or event.type
  end
  return table.concat(list, " ")
end

---@param options? slack.SandboxOptions
---@return spec.LocalApi
function M.new(options)
  local all = { tls = false }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  local self = setmetatable({ here = assert(sandbox.start(all)), events = {} }, Api)
  self.here.deliver = function(_, kind, body)
    table.insert(self.events, kind == "events_api" and body.event or body)
    return {}
  end
  return self
end

---A test with one of its own.
---@param fn fun(api: spec.LocalApi, here: slack.Sandbox)
---@param options? slack.SandboxOptions
---@return fun()
function M.test(fn, options)
  return function()
    local api = M.new(options)
    local here <close> = api.here
    fn(api, here)
  end
end

return M
