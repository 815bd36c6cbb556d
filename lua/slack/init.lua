-- The public face: `local slack = require "slack"`. Parts are loaded when they
-- are first used.

if _VERSION ~= "Lua 5.4" then -- before the C core, whose error would tell of symbols
  error("lua-slack needs Lua 5.4, this is " .. _VERSION, 0)
end

local core = require "slack.core"
local lazy = require "slack.lazy"

---@class slack
---@field app fun(options: slack.AppOptions?): slack.App
---@field rtm fun(options: slack.AppOptions?): slack.App
---@field pattern fun(source: string): slack.Pattern
---@field mention fun(c: slack.Context, next: fun(): any): any a middleware
---@field ignore_self fun(c: slack.Context, next: fun(): any): any a middleware
---@field only fun(...: string|function): function a middleware
---@field limit fun(options: slack.LimitOptions): function a middleware
---@field client fun(options: slack.ClientOptions?): slack.Client
---@field audit_logs fun(options: slack.AuditLogsOptions?): slack.AuditLogs
---@field scim fun(options: slack.ScimOptions?): slack.Scim
---@field webhook fun(url: string, options: slack.WebhookOptions?): slack.Webhook
---@field fetch fun(url: string, options: slack.FetchOptions?): slack.Fetched?, slack.Error?
---@field json slack.json
---@field null any JSON's null
---@field list fun(t: table?): table
---@field blocks slack.blocks
---@field mrkdwn slack.mrkdwn
---@field spawn fun(fn: function, ...): slack.Task
---@field sleep fun(seconds: number)
---@field all fun(list: table): slack.Results?, any
---@field race fun(list: table): any
---@field timeout fun(seconds: number, fn: function, ...): any
---@field run fun(fn: function, ...): any
---@field wrap fun(fn: function): function
local slack = {}

-- name -> module, field of it (nil: the module itself)
local PARTS = {
  pattern = { "slack.pattern" },
  mention = { "slack.mention", "middleware" },
  only = { "slack.only" },
  limit = { "slack.limit", "new" },
  ignore_self = { "slack.ignore_self", "middleware" },
  client = { "slack.client", "new" },
  audit_logs = { "slack.web_api.audit_logs", "new" },
  scim = { "slack.web_api.scim", "new" },
  webhook = { "slack.webhook", "new" },
  fetch = { "slack.fetch" },
  json = { "slack.json" },
  null = { "slack.json", "null" },
  list = { "slack.json", "list" },
  blocks = { "slack.blocks" },
  mrkdwn = { "slack.mrkdwn" },
  spawn = { "slack.spawn" },
  sleep = { "slack.tasks", "sleep" },
  all = { "slack.tasks", "all" },
  race = { "slack.tasks", "race" },
  timeout = { "slack.tasks", "timeout" },
  run = { "slack.tasks", "run" },
  wrap = { "slack.tasks", "wrap" },
}

-- Names that other libraries have.
local ELSEWHERE = {
  new = "; use slack.app, or slack.client", AsyncApp = "; use slack.app",
  IncomingWebhook = "; use slack.webhook", WebClient = "; use slack.client",
  WebhookClient = "; use slack.webhook", AsyncWebClient = "; use slack.client",
}

setmetatable(slack, {
  __index = function(_, name)
    local part = PARTS[name]
    if part then
      local value = lazy.load(part[1])
      if part[2] then
        value = value[part[2]]
      end
      slack[name] = value
      return value
    elseif type(name) == "string" and name:sub(1, 1) ~= "_" then
      local advice = ELSEWHERE[name]
        or require "slack.near_miss"(name, require "slack.merged"(PARTS, slack))
      if advice ~= "" then
        error(("slack.%s: there is no such function%s"):format(name, advice), 2)
      end
    end
  end,
})

slack._VERSION = require "slack.version"

---Versions of this library and of those it stands on, by name.
---@return table<string, string>
function slack.versions()
  local versions = core.versions()
  versions.lua_slack = slack._VERSION
  return versions
end

-- Raises at the caller's caller.
local function new_app(name, options)
  if options == slack then
    error(("%s: call it with a dot, not with a colon"):format(name), 3)
  end
  require("slack.loading").refuse(name)
  local checked, problem = require("slack.options").read(options)
  if not checked then
    error(name .. ": " .. problem, 3)
  end
  local app, err = require("slack.app").new(checked)
  if not app then
    error(name .. ": " .. tostring(err), 3)
  end
  return app
end

---An app. Wrong options raise: unknown names, wrong types, tokens that are
---missing here and in the environment.
---@param options? slack.AppOptions
---@return slack.App
function slack.app(options)
  local app = new_app("slack.app", options) -- no tail call: misuse names the caller
  return app
end

---An app with transport "rtm", for classic apps that still have RTM; apps made today use
---Socket Mode or HTTP.
---@param options? slack.AppOptions
---@return slack.App
function slack.rtm(options)
  if options ~= slack and (options == nil or type(options) == "table") then
    options = require "slack.merged"({ transport = "rtm" }, options)
    if options.transport ~= "rtm" then
      error('slack.rtm: option "transport": for others than "rtm" there is slack.app', 2)
    end
  end
  local app = new_app("slack.rtm", options)
  return app
end

return slack
