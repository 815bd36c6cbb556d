-- A local Slack with a bot, as `lua-slack sandbox` starts them, and a program in JavaScript
-- that uses their page in a browser and reports about each of its tests.
local child = require "support.child"
local Process = require "support.process"
local files = require "support.files"
local json = require "slack.json"
local tasks = require "slack.tasks"
local wait_until = require "support.wait_until"

local M = {}

local MODULES = os.getenv "NODE_PATH" or "build/browser/node_modules"
local FOLDER <const> = "spec/browser/"
local LAST <const> = "has the page complain of nothing" -- the driver's own

local function start_slack(bot_folder)
  local slack_here = Process.start(("%s lua/slack/command/main.lua sandbox --port 0 %s/bot.lua")
    :format(child.interpreter(), Process.quote(bot_folder)), { environment = {
      LUA_PATH = package.path, LUA_CPATH = package.cpath, NO_COLOR = "1",
    } })
  tasks.run(wait_until, "the bot", function()
    return slack_here:output():find "running as" or not slack_here:is_running()
  end)
  return slack_here, assert(slack_here:output():match "its page: (%S+)", slack_here:output())
end

---What a program tests.
---@param script string in this folder
---@return string[] names
function M.names(script)
  local names = {}
  for name in files.read(FOLDER .. script):gmatch '\ntest%("(.-)", ' do
    names[#names + 1] = name
  end
  names[#names + 1] = LAST
  return names
end

local function results_of(output)
  local results = {}
  for line in output:gmatch "[^\n]+" do
    local result = line:find "^{" and json.decode(line)
    if result then
      results[result.name] = result
    end
  end
  return results
end

---Runs a program to its end.
---@param script string in this folder
---@return fun(name: string) check raises when that test failed
function M.run(script)
  local folder <close> = files.temporary()
  assert(files.run(("cp -R %sbot %s/bot"):format(FOLDER, folder.path)))
  local slack_here <close>, url = start_slack(folder.path .. "/bot")
  local program <close> = Process.start("node " .. FOLDER .. script, { environment = {
    NODE_PATH = MODULES, PAGE_URL = url, BOT_FOLDER = folder.path .. "/bot",
  } })
  program:wait()
  local results = results_of(program:output())
  local rest = "the program ended before:\n" .. program:output() .. slack_here:output()
  return function(name)
    local result = results[name] or { message = rest }
    assert(result.ok, result.message)
  end
end

return M
