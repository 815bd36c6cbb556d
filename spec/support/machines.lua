-- Bots of one program in processes of their own, which share a Redis as machines do.

local Example = require "support.example"
local files = require "support.files"
local live_app = require "support.live_app"

local M = {}
M.__index = M

local HEAD <const> = [[
local slack = require "slack"
local name = os.getenv "NAME"
local app = slack.app {
  storage = os.getenv "STORAGE", role = os.getenv "ROLE", name = name, connections = 1,
  log = os.getenv "LOG" or "debug", inbox = { lease = 1.5 },
  workers = math.tointeger(os.getenv "WORKERS") or 1,
}
]]

---@param here slack.Sandbox
---@param redis table
---@param listeners string of the program: it has app, name and slack
---@return table machines stopped when they are closed
function M.new(here, redis, listeners)
  local self = setmetatable({
    here = here, redis = redis, directory = files.temporary(), bots = {},
  }, M)
  self.script = self.directory.path .. "/bot.lua"
  files.write(self.script, HEAD .. listeners .. "\nos.exit(app:run() or 1)\n")
  return self
end

---Starts one, and waits until it runs.
---@param name string
---@param role? "receiver"|"worker"
---@param environment? table<string, string>
---@return table bot its process
---@return string? url
function M:start(name, role, environment)
  local all = {
    NAME = name, ROLE = role, STORAGE = self.redis.url, SLACK_BOT_TOKEN = self.here.bot_token,
    SLACK_APP_TOKEN = role ~= "worker" and self.here.app_token or "",
  }
  for key, value in pairs(environment or {}) do
    all[key] = value
  end
  local bot, url = Example.run(self.script, self.here, all)
  self.bots[name] = bot
  return bot, url
end

---Waits until each of some knows so many others.
---@param count integer
---@param ... string names, all
function M:wait_peers(count, ...)
  local names = { ... }
  for name in pairs(names[1] and {} or self.bots) do
    names[#names + 1] = name
  end
  for _, name in ipairs(names) do
    live_app.wait(function()
      local output = self.bots[name]:output()
      local _, met = output:gsub("is a peer now", "")
      local _, left = output:gsub("is no peer any more", "")
      return met - left == count
    end)
  end
end

---Ends one at once.
---@param name string
function M:kill(name)
  self.bots[name]:signal "KILL"
  live_app.wait(function() return not self.bots[name]:is_running() end)
end

function M:__close()
  for _, bot in pairs(self.bots) do
    bot:signal "KILL"
    getmetatable(bot).__close(bot)
  end
  getmetatable(self.directory).__close(self.directory)
end

return M
