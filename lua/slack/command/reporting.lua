-- Tells the local Slack that started this bot what the bot has registered, which of its
-- scripts did not load, and what its handlers raised: at the start, and whenever that changes.

local base64 = require "slack.base64"
local core = require "slack.core"
local environment = require "slack.command.sandbox_environment"
local http = require "slack.http"
local json = require "slack.json"
local loop = require "slack.loop"
local manifest_words = require "slack.command.manifest_words"
local raised = require "slack.raised"
local sorted_keys = require "slack.sorted_keys"
local tasks = require "slack.tasks"

-- Several scripts that load at once are one report.
local SETTLE = 0.05
local MOST_ERRORS, MOST_TEXT = 20, 8192 -- of handlers in a report; bytes of one
local TIMEOUT = 5

-- Apps that report.
local reporting = setmetatable({}, { __mode = "k" })

local M = {}

-- "deploy … | rollback …": what the routes of a command take.
local function hint_of(routes)
  local texts = {}
  for i, route in ipairs(routes or {}) do
    texts[i] = route.text
  end
  return texts[1] and table.concat(texts, " | ") or nil
end

local function help_of(routes)
  for _, route in ipairs(routes or {}) do
    if route.help then
      return route.help
    end
  end
end

local function commands_of(listeners, words)
  local commands, known = {}, {}
  for _, entry in ipairs(listeners) do
    local name = entry.kind == "command" and entry.name:match "^/.+"
    if name and not known[name] then
      known[name] = true
      local told = words.commands[name] or {}
      table.insert(commands, {
        command = name, description = told.description or help_of(entry.routes),
        usage_hint = told.usage_hint or hint_of(entry.routes),
      })
    end
  end
  return commands
end

local function shortcuts_of(listeners, words)
  local shortcuts = {}
  for _, entry in ipairs(listeners) do
    local id = entry.kind == "shortcut" and entry.constraints.callback_id
    if type(id) == "string" then
      local told = words.shortcuts[id] or {}
      table.insert(shortcuts, {
        callback_id = id, name = told.name or id,
        type = told.type or entry.constraints.type, -- nil: of messages and of the workspace alike
      })
    end
  end
  return shortcuts
end

local function scripts_of(app)
  local generations, list = app.scripts and app.scripts:stats().generations or {}, {}
  for i, name in ipairs(sorted_keys(generations)) do
    list[i] = { name = name, generation = generations[name] }
  end
  return list
end

---@param app slack.App
---@return slack.sandbox.Report
function M.of(app)
  local listeners, words = app:listeners(), manifest_words.beside(arg and arg[0] or "")
  return {
    app = app.settings.name, pid = core.pid(), listeners = #listeners,
    commands = json.list(commands_of(listeners, words)),
    shortcuts = json.list(shortcuts_of(listeners, words)),
    scripts = json.list(scripts_of(app)),
    problems = json.list(app.scripts and app.scripts:problems() or {}),
  }
end

-- Who it is: the bot by its token, or the app that people have yet to install.
local function credentials(settings)
  local oauth = settings.oauth
  if settings.token then
    return "Bearer " .. settings.token
  elseif oauth and oauth.client_secret then
    return "Basic " .. base64.encode(("%s:%s"):format(oauth.client_id, oauth.client_secret))
  end
end

local function send(app, url, errors)
  local report = M.of(app)
  report.errors = json.list(errors)
  local response, err = http.request {
    method = "POST", url = url, net = app.net, timeout = TIMEOUT, body = json.encode(report),
    headers = {
      "Content-Type", "application/json", "Authorization", credentials(app.settings),
    },
  }
  if not response or response.status ~= 200 then
    app.log:debug("the local Slack did not take the report: %s", err or response.status)
  end
end

-- One at a time; what changes meanwhile is told by the next.
local function send_until_told(self)
  repeat
    self.is_due = false
    tasks.sleep(SETTLE)
    local errors = self.errors
    self.errors = {}
    send(self.app, self.url, errors)
  until not self.is_due
  self.is_sending = false
end

local function report(self)
  self.is_due = true
  if not self.is_sending then
    self.is_sending = true
    tasks.spawn(send_until_told, self)
  end
end

-- What is raised may be any bytes, and many.
local function told(text)
  text = core.redact(text):sub(1, MOST_TEXT)
  return utf8.len(text) and text or (text:gsub("[\x80-\xff]", "?"))
end

-- Errors of handlers reach the log and app:on_error as ever.
local function watch_failures(self)
  self.app.dispatch.failures.on_report = function(failure, info)
    if #self.errors < MOST_ERRORS then
      table.insert(self.errors, {
        listener = info.listener and tostring(info.listener) or "middleware",
        message = told(raised.text(failure.err)), traceback = told(info.traceback),
      })
      report(self)
    end
  end
end

local function origin_of(url)
  return url:match "^%a+://[^/]+"
end

---Begins to report, if a local Slack has started this bot. The token that goes along is for
---the same place as the calls of the Web API are. Of several workers the first one reports.
---@param app slack.App that starts
---@param getenv? fun(name: string): string? os.getenv
function M.start(app, getenv)
  local url = (getenv or os.getenv)(environment.REPORT)
  local is_wanted = url and url ~= "" and credentials(app.settings)
    and origin_of(url) == origin_of(app.settings.api_url)
  if not is_wanted or (app.worker or 1) > 1 or reporting[app] then
    return
  end
  reporting[app] = true
  local self = { app = app, url = url, is_sending = false, errors = {} }
  watch_failures(self)
  if app.scripts then
    app.scripts:subscribe(function() report(self) end)
  end
  loop.defer(report, self)
end

return M
