-- Bolts of several versions that run before a local Slack.
local Process = require "support.process"
local core = require "slack.core"
local files = require "support.files"
local wait_until = require "support.wait_until"

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
---@param port? integer that it listens at; nil: Socket Mode
---@return table process
function M.run(script, slack_here, name, port)
  return Process.start("node spec/peers/" .. script, { environment = {
    NODE_PATH = M.MODULES,
    BOLT = name,
    PORT = port,
    SLACK_API_URL = slack_here.api_url,
    SLACK_BOT_TOKEN = slack_here.bot_token,
    SLACK_APP_TOKEN = slack_here.app_token,
    SLACK_SIGNING_SECRET = slack_here.signing_secret,
    NODE_EXTRA_CA_CERTS = slack_here.ca_file, -- nil without TLS
  } })
end

local function free_port()
  local reserved <close> = assert(core.reserve_port("127.0.0.1", 0))
  return reserved:port()
end

---Starts one, and waits until it is connected.
---@param script string
---@param slack_here slack.Sandbox
---@param name string
---@param over_http? boolean it gets signed requests; else Socket Mode
---@return table process
function M.start(script, slack_here, name, over_http)
  local port = over_http and free_port() or nil
  local bolt = M.run(script, slack_here, name, port)
  if port then
    wait_until("Bolt listens", function() return bolt:output():find "started" end)
    slack_here:deliver_over_http(("http://127.0.0.1:%d/slack/events"):format(port))
  else
    assert(slack_here:wait_connections(1, 30), bolt:output())
  end
  return bolt
end

return M
