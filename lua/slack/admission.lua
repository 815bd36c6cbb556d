-- In apps of many workspaces: no listener runs before it is known whose token serves
-- its request. What is known is admitted here and now; the rest waits in jobs of its
-- own, so that a stop, the limit of handlers and the ack deadline hold as ever.

local lazy = require "slack.lazy"
local Context = require "slack.context"
local Job = lazy "slack.job"
local LogLimit = require "slack.log_limit"
local authorization_query = require "slack.authorization_query"
local notice = lazy "slack.notice"
local revocation = lazy "slack.revocation"
local tasks = require "slack.tasks"

local PERIOD = 60 -- seconds between two lines about the same workspace
-- Seconds before a removal that failed is tried again.
local RETRY_DELAYS = { 1, 10, 60 }

---@class slack.Admission
---@field dispatch slack.Dispatch
---@field refusals slack.LogLimit
local Admission = {}
Admission.__index = Admission
Admission.__name = "slack.admission"

---@param dispatch slack.Dispatch
---@param clock fun(): number
---@return slack.Admission
function Admission.new(dispatch, clock)
  return setmetatable({ dispatch = dispatch, refusals = LogLimit.new(clock, PERIOD) }, Admission)
end

-- A job that handles nothing itself.
local function new_job(self, c)
  local job = Job.new(self.dispatch, c)
  job.outcome, job.began, job.is_admission = false, false, true
  return job
end

-- Refusing -----------------------------------------------------------------------------

-- What the person gets to see, unless app:on_error has answered.
local function answer(c)
  local text = c.app.settings.authorize_error_text
  if text and (c.kind == "command" or c.kind ~= "options" and c.response_url) then
    return notice.show(c, text)
  end
  c.app.dispatch:refuse(c.request, "unauthorized")
end

local function run_refusal(job)
  local dispatch, c, err = job.dispatch, job.c, job.reason
  if c.request.held then
    dispatch:refuse(c.request, "unauthorized")
  end
  if not dispatch.on_error and dispatch.admission.refusals:is_due(err.message) then
    dispatch.app.log:error("%s", err)
  end
  dispatch.failures:report(c, {
    err = err, traceback = "", answer = answer, is_logged = not dispatch.on_error,
  })
end

local function refuse(self, c, err)
  local dispatch = self.dispatch
  dispatch.counts.unauthorized = dispatch.counts.unauthorized + 1
  dispatch.measures:delivered(c.kind, c.payload, "unauthorized")
  if dispatch.inbox then
    dispatch.inbox:unauthorized(c, err)
  end
  local job = new_job(self, c)
  job.reason = err
  job:start(run_refusal)
end

-- Admitting ----------------------------------------------------------------------------

local function new_context(self, request, kind, part)
  local c = Context.new(self.dispatch.app, request, kind, part)
  request.context = c
  return c
end

local function conclude(self, c, authorization, err)
  c.is_authorizing = nil
  if not authorization and c.kind ~= "unknown" then -- of which it may not say whose it is
    return refuse(self, c, err)
  end
  c.authorization = authorization or {}
  if c.kind ~= "event" or not self.dispatch:ignores(c.request, c.payload, authorization) then
    self.dispatch:admit(c)
  end
end

local function run_wait(job)
  local dispatch, c = job.dispatch, job.c
  conclude(dispatch.admission, c, job.flight:wait(dispatch.app.settings.timeout))
  job.completed = true
end

-- The end of an installation ---------------------------------------------------------------

local function retry_removal(self, body)
  local log = self.dispatch.app.log
  for _, delay in ipairs(RETRY_DELAYS) do
    tasks.sleep(delay)
    local removed, err = revocation.apply(self.dispatch.app.authorization.installations, body)
    if removed ~= nil then
      return log:info("the removal after %s has been made up for", body.event.type)
    end
    log:error("%s: the installation could not be removed: %s", body.event.type, err)
  end
end

local function remove(self, c)
  local app, body = self.dispatch.app, c.body
  local installations = app.authorization.installations
  if installations then
    local removed, err, whose = revocation.apply(installations, body)
    if removed == nil then
      app.log:error("%s: the installation could not be removed: %s", c.type, err)
      tasks.spawn(retry_removal, self, body)
    elseif removed then
      app.log:info("%s: removed what is kept of %s%s", c.type, whose and whose .. " in " or "",
        tostring(c.team_id or c.enterprise_id))
    end
    c.is_seen_to = true -- also if no listener is interested
  end
  app.authorization:forget { team_id = c.team_id, enterprise_id = c.enterprise_id }
end

local function run_removal(job)
  local c, self = job.c, job.dispatch.admission
  remove(self, c)
  local enterprise_id, team_id, is_enterprise_install = authorization_query.place(c.body)
  c.authorization = {
    enterprise_id = enterprise_id, team_id = team_id,
    is_enterprise_install = is_enterprise_install,
  }
  job.dispatch:admit(c)
  job.completed = true
end

---Takes a request, and hands it on as soon as it is authorized.
---@param request slack.Request
---@param kind slack.Kind
---@param part table
function Admission:request(request, kind, part)
  local c = new_context(self, request, kind, part)
  if kind == "event" and revocation.is_unauthorized(part) then
    new_job(self, c):start(run_removal)
    return
  end
  local flight = self.dispatch.app.authorization:lookup(request.body)
  if flight.done then
    return conclude(self, c, flight.value, flight.err)
  end
  c.is_authorizing = true
  local job = new_job(self, c)
  job.flight = flight
  job:start(run_wait)
end

return Admission
