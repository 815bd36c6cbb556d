-- The Audit Logs API: what happened in an Enterprise organization.
--
--   local audit = slack.audit_logs { token = "xoxp-..." }
--   for entry in audit:each { action = "user_login", oldest = os.time() - 86400 } do … end

local advice = require "slack.web_api.advice"
local paging = require "slack.web_api.paging"
local rest = require "slack.web_api.rest"

local LOGS = {
  name = "audit_logs.logs", required = {},
  arguments = {
    latest = "timestamp", oldest = "timestamp", limit = "integer", action = "string",
    actor = "string", entity = "string", cursor = "string",
  },
}
local RULES = {
  name = "slack.audit_logs",
  path = function()
    return "audit/v1/"
  end,
  token_hint = "the option \"token\" must be a user token (xoxp-…) of the organization's owner "
    .. "with the scope auditlogs:read",
}

---@class slack.AuditLogs: slack.web_api.Rest
local methods = {}

---@class slack.AuditLogQuery
---@field oldest? integer seconds since the epoch
---@field latest? integer
---@field action? string|string[] at most 30: "user_login"
---@field actor? string id of who did it
---@field entity? string id of what it was done to
---@field limit? integer at most 9999
---@field cursor? string

---One page of entries, the latest first.
---@async
---@param query? slack.AuditLogQuery
---@param options? slack.CallOptions
---@return { entries: table[], response_metadata: table }?
---@return slack.Error? err
function methods:logs(query, options)
  if type(query) == "table" then
    advice.give(self, LOGS.name, LOGS, query)
  end
  return rest.request(self, {
    name = LOGS.name, verb = "GET", path = "logs", query = query, kinds = LOGS.arguments,
  }, options)
end

---The kinds of things that entries are about. Needs no token.
---@async
---@param options? slack.CallOptions
---@return { schemas: table[] }?
---@return slack.Error? err
function methods:schemas(options)
  return rest.request(self, {
    name = "audit_logs.schemas", verb = "GET", path = "schemas", is_open = true,
  }, options)
end

---The names of all actions. Needs no token.
---@async
---@param options? slack.CallOptions
---@return { actions: table<string, string[]> }?
---@return slack.Error? err
function methods:actions(options)
  return rest.request(self, {
    name = "audit_logs.actions", verb = "GET", path = "actions", is_open = true,
  }, options)
end

local function loop(self, name, query, options, is_each)
  return rest.loop("audit_logs:" .. name, function(args, of_call)
    return self:logs(args, of_call)
  end, options, is_each, function(own)
    own.items = own.items or "entries"
    return paging.of("cursor", LOGS.name, query, own)
  end)
end

---The pages of entries, for a loop: as client:pages.
---@param query? slack.AuditLogQuery
---@param options? slack.PagesOptions
---@return slack.Pages
function methods:pages(query, options)
  return loop(self, "pages", query, options, false)
end

---The entries one by one, for a loop: as client:each.
---@param query? slack.AuditLogQuery
---@param options? slack.EachOptions
---@return slack.Items
function methods:each(query, options)
  return loop(self, "each", query, options, true)
end

local AuditLogs = rest.class(methods, "slack.audit_logs")

function AuditLogs:__tostring()
  return "slack.audit_logs: " .. self._options.api_url
end

local M = {}

---@class slack.AuditLogsOptions: slack.ClientOptions
---@field token? string of a user with the scope auditlogs:read
---@field api_url? string "https://api.slack.com/audit/v1/"

---@param options? slack.AuditLogsOptions
---@return slack.AuditLogs
function M.new(options)
  return setmetatable(rest.new(options, RULES), AuditLogs)
end

return M
