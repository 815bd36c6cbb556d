-- An app connected to a local Slack of its own, over Socket Mode, HTTP, both or RTM, and
-- both gone when the spec ends.

local http_options = require "slack.http_options"
local sandbox = require "support.local_slack"
local slack = require "slack"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

local M = {}

---Waits until condition() is true; fails the spec when it never is.
---@param condition fun(): any
---@return any value
function M.wait(condition)
  local value = wait_until("what the spec waits for", condition, 3)
  return value
end

---Each way in which an app made today can be reached, for specs that hold for all.
M.TRANSPORTS = { "socket", "http", "both" }

-- What an app needs besides for the transport that its options name.
local function add_http(all, here)
  if all.transport == "rtm" then
    all.signing_secret = all.http and here.signing_secret
  elseif all.transport == "http" or all.transport == "both" then
    all.signing_secret = all.signing_secret or here.signing_secret
    all.http = all.http or { host = "127.0.0.1", port = 0 }
  end
end

---Starts an app and has the local Slack deliver over its transport: by turns when it
---has both.
---@async
---@param here slack.Sandbox
---@param app slack.App
---@return slack.App app
function M.start(here, app)
  local transport = app.settings.transport
  assert(app:start())
  if app.http_server and http_options.receives(app.settings) then
    local path = app.settings.http.path
    local url = app.http_server:url()
    if transport == "rtm" then
      here:deliver_over_http { commands = url .. path, interactions = url .. path }
    elseif type(path) == "string" then
      here:deliver_over_http { url = url .. path }
    else
      local urls = {}
      for name, at in pairs(path) do
        urls[name] = url .. at
      end
      here:deliver_over_http(urls)
    end
  end
  if transport == "rtm" then
    assert(here.rtm:wait_ready())
  elseif transport ~= "http" then
    assert(here:wait_connections(1))
  end
  here.delivery = transport == "both" and "alternate" or nil
  return app
end

---Runs fn(here, new_app) as a task; new_app(options) makes apps that are closed in
---the end; with token = false one without a token.
---@param fn fun(here: slack.Sandbox, new_app: fun(options: table?): slack.App, lines: string[])
---@param given? table options of the sandbox
function M.run(fn, given)
  local lines = {}
  local function sink(line) table.insert(lines, line) end
  tasks.run(function()
    local here <close> = assert(sandbox.start(given))
    local apps = setmetatable({}, { __close = function(list)
      for _, app in ipairs(list) do
        app:close()
      end
    end })
    local closing <close> = apps -- luacheck: ignore 211
    local function new_app(options)
      local all = {
        api_url = here.api_url, ca_file = here.ca_file, token = here.bot_token,
        app_token = here.app_token, log = { level = "debug", sink = sink },
        watchdog = 60, -- a spec may keep the Lua thread, and a machine may be slow
      }
      for name, value in pairs(options or {}) do
        all[name] = value
      end
      all.token = all.token or nil
      all.app_token = all.transport ~= "rtm" and all.app_token or nil
      add_http(all, here)
      local app = slack.app(all)
      table.insert(apps, app)
      return app
    end
    fn(here, new_app, lines)
  end)
end

return M
