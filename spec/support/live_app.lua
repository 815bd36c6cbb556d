-- An app connected to a local Slack of its own, both gone when the spec ends.

local loop = require "slack.loop"
local sandbox = require "slack.sandbox"
local slack = require "slack"
local tasks = require "slack.tasks"

local PATIENCE <const> = 60 -- seconds

local M = {}

---Waits until condition() is true; fails the spec when it never is.
---@param condition fun(): any
function M.wait(condition)
  local deadline = loop.now() + PATIENCE
  local value = condition()
  while not value do
    if loop.now() > deadline then
      error("what was waited for never came", 2)
    end
    tasks.sleep(0.005)
    value = condition()
  end
  return value
end

---Runs fn(here, new_app) as a task; new_app(options) makes apps that are closed in
---the end.
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
      }
      for name, value in pairs(options or {}) do
        all[name] = value
      end
      local app = slack.app(all)
      table.insert(apps, app)
      return app
    end
    fn(here, new_app, lines)
  end)
end

return M
