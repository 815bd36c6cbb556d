-- Bolts of several versions that run before a local Slack.
local Process = require "support.process"
local files = require "support.files"

local M = {}

-- What a Bolt needs of Node, by its package.
local BOLTS <const> = {
  { name = "bolt4", node = 18 },
  { name = "bolt5", node = 20 },
}

M.MODULES = os.getenv "NODE_PATH" or "build/peers/node_modules"

local function node_major()
  local _, version = files.run "node --version"
  return math.tointeger(version:match "^v(%d+)") or 0
end

---@return { name: string, lack: string? }[] lack: what this machine needs to run it
function M.all()
  local all, node = {}, node_major()
  for i, bolt in ipairs(BOLTS) do
    all[i] = {
      name = bolt.name, lack = node < bolt.node and ("Node %d or newer"):format(bolt.node) or nil,
    }
  end
  return all
end

---@param script string in this directory
---@param slack_here slack.Sandbox
---@param name? string of the Bolt
---@return table process
function M.run(script, slack_here, name)
  return Process.start("node spec/peers/" .. script, { environment = {
    NODE_PATH = M.MODULES,
    BOLT = name,
    SLACK_API_URL = slack_here.api_url,
    SLACK_BOT_TOKEN = slack_here.bot_token,
    SLACK_APP_TOKEN = slack_here.app_token,
    NODE_EXTRA_CA_CERTS = slack_here.ca_file, -- nil without TLS
  } })
end

---Starts one in Socket Mode, and waits until it is connected.
---@param script string
---@param slack_here slack.Sandbox
---@param name string
---@return table process
function M.start(script, slack_here, name)
  local bolt = M.run(script, slack_here, name)
  assert(slack_here:wait_connections(1, 30), bolt:output())
  return bolt
end

return M
