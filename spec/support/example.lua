-- Examples as processes of their own, against a local Slack of the spec's.
local Process = require "support.process"
local live_app = require "support.live_app"

local M = {}

-- What is bound to every address is bound to the loopback's too.
local function url_of(bot)
  local url = bot:output():match "HTTP on (http%S+)"
  return url and (url:gsub("0%.0%.0%.0", "127.0.0.1", 1))
end

---Runs an example; waits until its log says that it runs, and where it is reached over HTTP
---if it is.
---@param script string path
---@param slack_here slack.Sandbox
---@param environment table<string, string>
---@param directory? string where it runs
---@return table bot its process
---@return string? url
function M.run(script, slack_here, environment, directory)
  local all = {
    SLACK_API_URL = slack_here.api_url, SSL_CERT_FILE = slack_here.ca_file,
    SLACK_SIGNING_SECRET = slack_here.signing_secret, PORT = "0", NO_COLOR = "1",
    SLACK_APP_TOKEN = "", SLACK_BOT_TOKEN = "",
  }
  for name, value in pairs(environment) do
    all[name] = value
  end
  local bot = Process.lua(script, { environment = all, directory = directory })
  live_app.wait(function()
    return bot:output():find "running[^\n]*\n" or not bot:is_running() and bot:output()
  end)
  return bot, url_of(bot)
end

---Ends one as Ctrl-C would, and sees to it that nothing went wrong.
---@param bot table
function M.stop(bot)
  bot:signal()
  live_app.wait(function() return not bot:is_running() end)
  assert(bot:wait() == 0, bot:output())
end

return M
