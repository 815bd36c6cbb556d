-- What a bot tells the local Slack of itself, which Slack's own protocol has no words for:
-- the commands and shortcuts it listens for, its scripts, which of them did not load, and what
-- its handlers have raised.

local json = require "slack.json"
local requests = require "slack.sandbox.requests"

local PATH = "/sandbox/report"
local MAX_BODY, MAX_ITEMS = 1024 * 1024, 1000

---@class slack.sandbox.Report
---@field app? string its name
---@field pid? integer
---@field commands { command: string, description: string?, usage_hint: string? }[]
---@field shortcuts { callback_id: string, type: string, name: string }[]
---@field listeners? integer
---@field scripts { name: string, generation: integer }[]
---@field problems slack.ScriptProblem[]
---@field errors { listener: string?, message: string, traceback: string? }[] since the last one

---The program that runs the bot, for who may start it again; `lua-slack sandbox` sets it.
---@class slack.sandbox.Child
---@field is_running boolean
---@field exit? string how it ended, in words
---@field pid? integer
---@field restart fun(self: slack.sandbox.Child): true?, string? true, or nil and why it cannot be

---@class slack.sandbox.Reports
---@field report? slack.sandbox.Report the last one; nil: the bot tells nothing of itself
---@field child? slack.sandbox.Child
local reports = {}

-- Fields of the lists' items, and their types; what is not needed may be missing.
local LISTS = {
  commands = {
    needed = "command", fields = { command = "string", description = "string",
      usage_hint = "string" },
  },
  shortcuts = {
    needed = "callback_id", fields = { callback_id = "string", type = "string", name = "string" },
  },
  scripts = { needed = "name", fields = { name = "string", generation = "number" } },
  problems = {
    needed = "message", fields = { script = "string", file = "string", line = "number",
      message = "string", at = "number", kept = "number" },
  },
  errors = {
    needed = "message",
    fields = { listener = "string", message = "string", traceback = "string" },
  },
}
local FIELDS = { app = "string", pid = "number", listeners = "number" }

local function known_fields(given, fields)
  local known = {}
  for name, kind in pairs(fields) do
    if type(given[name]) == kind then
      known[name] = given[name]
    end
  end
  return known
end

local function known_items(given, list)
  local items = {}
  for _, item in ipairs(type(given) == "table" and given or {}) do
    local known = type(item) == "table" and known_fields(item, list.fields) or {}
    if known[list.needed] and #items < MAX_ITEMS then
      table.insert(items, known)
    end
  end
  return json.list(items)
end

---Takes what a bot tells of itself; what is of no known name or of another type is left out.
---@param given table
function reports:take_report(given)
  local report = known_fields(given, FIELDS)
  for name, list in pairs(LISTS) do
    report[name] = known_items(given[name], list)
  end
  self:trace_report(self.report, report)
  self.report = report
  self:changed()
end

local function answer(status, text)
  return status, { "Content-Type", "application/json" }, text
end

-- The bot by its token, or the app itself.
local function is_from_app(self, request)
  local token = (request.headers.authorization or ""):match "^[Bb]earer%s+(%S+)$"
  local known = token and self.grants:find(token)
  return known and known.type == "bot"
    or requests.basic(request) == ("%s:%s"):format(self.client_id, self.client_secret)
end

---@param request slack.sandbox.Request
---@return integer? status nil: it is no report
---@return string[]? headers
---@return string? body
function reports:handle_report(request)
  if request.path ~= PATH then
    return nil
  elseif request.method ~= "POST" then
    return answer(405, '{"ok":false,"error":"method_not_allowed"}')
  end
  if not is_from_app(self, request) then
    return answer(401, '{"ok":false,"error":"invalid_auth"}')
  end
  local given = #request.body <= MAX_BODY and json.decode(request.body)
  if type(given) ~= "table" then
    return answer(400, '{"ok":false,"error":"invalid_json"}')
  end
  self:take_report(given)
  return answer(200, '{"ok":true}')
end

return reports
