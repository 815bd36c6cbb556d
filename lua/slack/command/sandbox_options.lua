-- What `lua-slack sandbox` can be told, and what goes with what.

local core = require "slack.core"

local DEFAULT_BOT = "bot.lua"
local DEFAULT_PORT = 8765
local DEFAULT_URL = "http://localhost:3000/slack/events"
local LOOPBACK = { ["127.0.0.1"] = true, ["localhost"] = true }

local M = {}

---Checks of options whose values are ports.
---@param highest integer
---@return fun(text: string): integer?, string?
local function port_up_to(highest)
  return function(text)
    local port = text:find "^%d+$" and math.tointeger(tonumber(text))
    if port and port <= highest then
      return port
    end
    return nil, ("a port from 0 to %d expected (0: any free one), got %q"):format(highest, text)
  end
end

local function check_host(text)
  if LOOPBACK[text] then
    return text
  end
  return nil, ("this machine alone may reach it: 127.0.0.1 expected, got %q. From another machine "
    .. "its page is reached through a tunnel: ssh -L PORT:127.0.0.1:PORT"):format(text)
end

local function check_url(text)
  if not text:find "^https?://[^/]" then
    return nil, ("a URL expected, such as %s, got %q"):format(DEFAULT_URL, text)
  elseif not text:find "^https?://[^/]+/" then
    return nil, ("the path is missing: --http=%s/slack/events"):format(text)
  end
  return text
end

local function check_file(text)
  local _, kind = core.stat(text)
  if kind == "file" then
    return text
  end
  return nil, ("there is no file %s"):format(text)
end

M.LIST = {
  { name = "no-bot", text = "start none: print what one in another terminal needs" },
  { name = "talk", text = "talk with the bot in this terminal, too" },
  { name = "http", value = "URL", is_optional = true, check = check_url,
    text = "the bot is reached over HTTP, at " .. DEFAULT_URL .. " or that URL" },
  { name = "ca", value = "FILE", check = check_file,
    text = "authority of the bot's own certificate" },
  { name = "both", text = "over HTTP and Socket Mode, by turns" },
  { name = "oauth", text = "over HTTP, and installed first, with a browser" },
  { name = "rtm", text = "over RTM, as a classic app" },
  { name = "port", value = "PORT", check = port_up_to(65534),
    text = ("of the Web API; Socket Mode takes the next one (any free; %d without a bot)")
      :format(DEFAULT_PORT) },
  { name = "page-port", value = "PORT", check = port_up_to(65535),
    text = "of the page (any free one)" },
  { name = "host", value = "ADDRESS", check = check_host,
    text = "127.0.0.1 alone: nobody else may reach it" },
}

-- What excludes each other.
local function conflict(given)
  if given.oauth and given.both then
    return "--oauth and --both: a bot that is installed first is reached over HTTP alone"
  elseif given.rtm and (given.http or given.oauth or given.both) then
    return "--rtm: a classic app is reached over RTM alone"
  elseif #given.words > 1 then
    return ("one bot expected, got %q as well"):format(given.words[2])
  elseif given["no-bot"] and given.words[1] then
    return ("--no-bot and %q exclude each other"):format(given.words[1])
  end
end

-- The program to start: the one that is named, or bot.lua if it is there.
local function script_of(given)
  local script = given.words[1] or not given["no-bot"] and DEFAULT_BOT or nil
  local _, kind = core.stat(script or "")
  if kind == "file" then
    return script
  elseif given.words[1] then
    return nil, ("there is no file %s"):format(script)
  end
end

---@class slack.command.SandboxPlan
---@field script? string of the bot to be started
---@field url? string where the bot is reached over HTTP
---@field port integer of the Web API
---@field page_port integer
---@field ca_file? string
---@field is_http boolean over HTTP and in no other way
---@field both? boolean
---@field oauth? boolean
---@field rtm? boolean
---@field talk? boolean
---@field is_alone? boolean without a bot because that is asked for

---@param given table
---@return slack.command.SandboxPlan? plan
---@return string? problem
function M.plan(given)
  local problem = conflict(given)
  if problem then
    return nil, problem
  end
  local script
  script, problem = script_of(given)
  if problem then
    return nil, problem
  end
  local has_url = given.http or given.oauth or given.both
  local url = type(given.http) == "string" and given.http or has_url and DEFAULT_URL or nil
  return {
    script = script, url = url, is_http = url ~= nil and not given.both,
    port = given.port or (script and 0 or DEFAULT_PORT), page_port = given["page-port"] or 0,
    ca_file = given.ca, both = given.both, oauth = given.oauth, rtm = given.rtm, talk = given.talk,
    is_alone = given["no-bot"],
  }
end

return M
