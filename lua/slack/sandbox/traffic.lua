-- What programs see of the traffic between the local Slack and the app, and deliveries
-- that are sent once more.

local checks = require "slack.sandbox.checks"
local json = require "slack.json"
local people = require "slack.sandbox.people"
local tasks = require "slack.tasks"

---@class slack.sandbox.Traffic
---@field recorder slack.sandbox.Trace
local traffic = {}

---The last 2,000 things that went to and fro, oldest first: envelopes and acks, calls and
---answers, hellos and disconnects. Tokens and secrets are hidden.
---@param from? integer n of the first one
---@return slack.sandbox.Record[]
function traffic:trace(from)
  if from ~= nil then
    checks.type("trace: from", from, "number")
  end
  return self.recorder:list(from)
end

-- The team, user and channel that a command or an interaction is about.
local function place_of(self, payload)
  local function id_of(name)
    local object = payload[name]
    return payload[name .. "_id"] or type(object) == "table" and object.id or ""
  end
  local team = self:team(id_of "team") or self.workspaces[1]
  local workspace = team.workspace
  return team, workspace.users[id_of "user"], workspace.channels[id_of "channel"]
end

-- Gives what only works once, or not for long, anew.
local function freshen(self, kind, payload, options)
  local team, user, channel = place_of(self, payload)
  if kind == "events_api" and payload.event_id and not options.same_id then
    payload.event_id = self.workspace.new_id "Ev"
  end
  if payload.trigger_id then
    payload.trigger_id = team:new_trigger(user and user.id)
  end
  if payload.response_url and user and channel then
    local message = type(payload.message) == "table"
      and team.workspace.find_message(channel, payload.message.ts) or nil
    payload.response_url = team:new_response_url(user, channel, message)
  end
  return team, user, channel
end

-- Reports ------------------------------------------------------------------------

local function by_name(list)
  local found = {}
  for _, item in ipairs(list or {}) do
    found[item.name or item.script or item.file or ""] = item
  end
  return found
end

local function place_text(problem)
  local file = problem.file or problem.script or "?"
  return problem.line and ("%s:%d"):format(file, problem.line) or file
end

local function trace_problems(self, before, problems)
  local known = {}
  for _, problem in ipairs(before and before.problems or {}) do
    known[place_text(problem) .. problem.message] = true
  end
  for _, problem in ipairs(problems) do
    if not known[place_text(problem) .. problem.message] then
      self.recorder:add {
        kind = "reload", way = "in", name = problem.script or "bot", state = "failed",
        summary = place_text(problem), error = problem.message, body = problem,
      }
    end
  end
end

-- A line has room for little: "greet.lua:7" and what is wrong there.
local function trace_errors(self, errors)
  for _, failure in ipairs(errors) do
    local place, text = failure.message:match "^([^\n]-:%d+): (.*)$"
    self.recorder:add {
      kind = "error", way = "in", name = place and place:match "[^/]+$" or "handler",
      summary = "", state = "failed", error = text or failure.message, body = failure,
    }
  end
end

---Records what is new in what a bot tells of itself.
---@param before slack.sandbox.Report? the one before; nil: it has just started
---@param report slack.sandbox.Report
function traffic:trace_report(before, report)
  local is_same = before and before.pid == report.pid
  if not is_same then
    self.recorder:add {
      kind = "reload", way = "in", name = report.app or "bot", state = "ok", summary = "started",
      body = report,
    }
  end
  local known = by_name(is_same and before.scripts)
  for _, script in ipairs(is_same and report.scripts or {}) do
    local old = known[script.name]
    if not old or old.generation ~= script.generation then
      self.recorder:add {
        kind = "reload", way = "in", name = script.name, state = "ok", body = script,
        summary = old and ("generation %d"):format(script.generation or 0) or "new",
      }
    end
    known[script.name] = nil
  end
  for name in pairs(known) do
    self.recorder:add {
      kind = "reload", way = "in", name = name, state = "ok", summary = "removed",
    }
  end
  trace_problems(self, is_same and before, report.problems)
  trace_errors(self, report.errors)
end

local AGAIN = { same_id = "boolean" }

---Delivers what a record tells of once more: the same body, but with an event_id,
---trigger_id and response_url of its own, so that the app takes it for new.
---@param n integer of a record with `repeatable`
---@param options? { same_id: boolean? } an event comes with its event_id, as Slack's repetition
---@return slack.sandbox.Delivery|slack.sandbox.HttpDelivery|nil delivery
---@return string? problem
function traffic:send_again(n, options)
  checks.type("send_again: n", n, "number")
  checks.fields("send_again", options or {}, AGAIN)
  local record = self.recorder.records[n]
  if not record then
    return nil, "this record is kept no longer"
  elseif not record.envelope_type then
    return nil, "only what was delivered to the app can be sent again"
  end
  local envelope = json.decode(record.text)
  local kind, payload = record.envelope_type, envelope.payload
  if type(payload) ~= "table" then
    return nil, "there is nothing in it"
  end
  local team, user, channel = freshen(self, kind, payload, options or {})
  local delivery = team:deliver(kind, payload, {
    accepts_response_payload = envelope.accepts_response_payload,
    retry = options and options.same_id and (record.retry or 0) + 1 or nil,
  })
  if kind == "slash_commands" and user and channel then
    tasks.spawn(function()
      people.show_ack(team, delivery:await_ack(), user, channel)
      self:changed()
    end)
  end
  return delivery
end

return traffic
