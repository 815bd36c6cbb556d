-- An app that people install with their browsers, and a local Slack to install it in.

local live_app = require "support.live_app"
local sandbox = require "support.local_slack"
local slack = require "slack"
local tasks = require "slack.tasks"

local M = {}

M.wait = live_app.wait

---@class support.OauthApp
---@field app slack.App
---@field here slack.Sandbox
---@field url string of the app, without a slash at the end
---@field lines string[] of the log

local function settings_of(here, given)
  local oauth = {
    client_id = here.client_id, client_secret = here.client_secret,
    scopes = { "chat:write", "commands" },
  }
  for name, value in pairs(given or {}) do
    oauth[name] = value or nil
  end
  return oauth
end

---Runs fn(here, new) as a task; new(oauth, options) starts an app that is closed in the end,
---and that the local Slack leads people back to.
---@param given table? options of the local Slack
---@param fn fun(here: slack.Sandbox, new: fun(oauth?: table, options?: table): support.OauthApp)
function M.run(given, fn)
  tasks.run(function()
    local all = { installed = false }
    for name, value in pairs(given or {}) do
      all[name] = value
    end
    local here <close> = assert(sandbox.start(all))
    local apps = setmetatable({}, { __close = function(list)
      for _, app in ipairs(list) do
        app:close()
      end
    end })
    local closing <close> = apps -- luacheck: ignore 211
    fn(here, function(oauth, options)
      local lines = {}
      local settings = {
        api_url = here.api_url, ca_file = here.ca_file, signing_secret = here.signing_secret,
        transport = "http", http = { host = "127.0.0.1", port = 0 }, proxy = "",
        oauth = settings_of(here, oauth),
        log = { level = "debug", sink = function(line) table.insert(lines, line) end },
      }
      for name, value in pairs(options or {}) do
        settings[name] = value
      end
      local app = slack.app(settings)
      table.insert(apps, app)
      assert(app:start())
      local url, paths = app.http_server:url(), app.settings.oauth
      here.redirect_urls = { url .. paths.redirect_path }
      if paths.openid then -- whose port is known only now
        paths.openid.redirect_uri = url .. paths.openid.redirect_path
        table.insert(here.redirect_urls, paths.openid.redirect_uri)
      end
      return { app = app, here = here, url = url, lines = lines }
    end)
  end)
end

return M
