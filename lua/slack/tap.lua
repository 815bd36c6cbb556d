-- Who sees what passes between Slack and an app: `app.tap`, false or an object with the methods
-- below. What nobody taps costs one test for each delivery and call.

local tasks = require "slack.tasks"

local M = {}

---@class slack.TappedCall
---@field method string of the Web API, or "response_url"
---@field args table<string, any>
---@field answer? table|true
---@field err? slack.Error
---@field seconds number
---@field token_kind? "bot"|"user"|"app"|"other"
---@field request? slack.Request whose handler makes it, if one does

---@class slack.Tap
---@field delivery fun(self, request: slack.Request) what Slack sent, before its handlers run
---@field ack fun(self, request: slack.Request, text: string?, how: string?) the answer, as JSON;
---  how: "deadline", or why it was refused
---@field call fun(self, call: slack.TappedCall) the end of a call
---@field fetched? fun(self, fetched: slack.TappedFetch) the end of a slack.fetch

---@class slack.TappedFetch
---@field method string
---@field url string as the program gave it, with the query
---@field response? slack.Fetched
---@field err? slack.Error
---@field seconds number
---@field request? slack.Request whose handler makes it, if one does

local KINDS = { xoxb = "bot", xoxp = "user", xapp = "app" }

-- Whose taps see what is fetched, which is of no app by itself.
local apps = setmetatable({}, { __mode = "k" })

---Whether anybody sees what is fetched.
M.sees_fetches = false

local function note_fetches(app, tap)
  apps[app] = tap and tap.fetched and tap or nil
  M.sees_fetches = next(apps) ~= nil
end

---From now on the tap sees it all; false: nobody does.
---@param app slack.App
---@param tap slack.Tap|false
function M.attach(app, tap)
  app.tap = tap
  local dispatch = rawget(app, "dispatch")
  if dispatch then
    dispatch.is_tapped = tap ~= false
  end
  note_fetches(app, tap)
  app.client._stats.tap = tap and { tap = tap, app = app } or false
end

---A delivery begins.
---@param tap slack.Tap
---@param request slack.Request
function M.begin(tap, request)
  local ack, refuse = request.ack, request.refuse
  function request.ack(self, text)
    local ok, err = ack(self, text)
    if ok then
      tap:ack(self, text)
    end
    return ok, err
  end
  function request.refuse(self, why)
    tap:ack(self, nil, why or "refused")
    return refuse(self, why)
  end
  tap:delivery(request)
end

---The delivery that a task handles, if it is a handler's.
---@param app slack.App
---@param task? slack.Task
---@return slack.Request?
function M.request_of(app, task)
  return task and app.dispatch.jobs[task] and task.c.request
end

---A call of the Web API has ended.
---@param tapped { tap: slack.Tap, app: slack.App }
---@param call slack.web_api.Call
---@param seconds number
---@param answer? table
---@param err? slack.Error
function M.called(tapped, call, seconds, answer, err)
  local token = call.token
  tapped.tap:call {
    method = call.name, args = call.args, answer = answer, err = err, seconds = seconds,
    token_kind = token and (KINDS[token:sub(1, 4)] or "other"),
    request = M.request_of(tapped.app, tasks.current()),
  }
end

-- The app whose handler a task is; any, when it is none's.
local function fetcher_of(task)
  local tap, request
  for app, other in pairs(apps) do
    request = M.request_of(app, task)
    tap = other
    if request then
      break
    end
  end
  return tap, request
end

---A slack.fetch has ended.
---@param fetched slack.TappedFetch
function M.fetched(fetched)
  local tap
  tap, fetched.request = fetcher_of(tasks.current())
  if tap then
    tap:fetched(fetched)
  end
end

---A post to a response URL has ended.
---@param c slack.Context
---@param args table
---@param seconds number
---@param ok? true
---@param err? slack.Error
function M.responded(c, args, seconds, ok, err)
  c.app.tap:call {
    method = "response_url", args = args, answer = ok, err = err, seconds = seconds,
    request = c.request,
  }
end

return M
