-- An app, a local Slack with its page, and a page that is open in it.
local PageClient = require "support.page_client"
local live_app = require "support.live_app"
local local_slack = require "support.local_slack"
local slack = require "slack"

local M = {}

---@param options? slack.SandboxOptions
---@param build fun(app: slack.App)? registers listeners; nil: no app
---@param fn fun(page: table, here: slack.Sandbox, app: slack.App?)
---@param app_options? table
function M.run(options, build, fn, app_options)
  slack.run(function()
    local all = { page = true }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    local here <close> = assert(local_slack.start(all))
    local app
    if build then
      local settings = {
        token = here.bot_token, app_token = here.app_token, api_url = here.api_url,
        ca_file = here.ca_file, log = "off",
      }
      for name, value in pairs(app_options or {}) do
        settings[name] = value
      end
      app = slack.app(settings)
      build(app)
      live_app.start(here, app)
    end
    local page <close> = PageClient.open(here)
    fn(page, here, app)
    if app then
      app:stop()
    end
  end)
end

return M
