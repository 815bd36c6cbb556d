-- What is said to a console, from another process.

local errors = require "slack.errors"
local http = require "slack.http"
local json = require "slack.json"

local M = {}

-- The host is nobody's: the socket leads where it leads.
local URL <const> = "http://localhost"
local SOON <const>, ANY_TIME <const> = 2, 1e9 - 1 -- seconds

local function ask(path, settings)
  local net, err = http.net { socket = path }
  local response
  if net then
    settings.net = net
    response, err = http.request(settings)
  end
  if not response then
    return nil, err
  end
  local answer = response.status == 200 and json.decode(response.body)
  if type(answer) ~= "table" then
    return nil, errors.new {
      code = "no_console", message = ("%s is no console: status %d"):format(path, response.status),
    }
  end
  return answer
end

---@class slack.console.About
---@field pid integer
---@field program? string
---@field name? string of the app
---@field worker? integer number of the process, with the option workers
---@field phase string
---@field seconds number since it began

---Whose console it is.
---@async
---@param path string of the socket
---@return slack.console.About?
---@return slack.Error? err code "connection" when nobody listens there
function M.about(path)
  return ask(path, { method = "GET", url = URL .. "/", timeout = SOON })
end

---Runs a chunk there, for as long as it takes.
---@async
---@param path string
---@param session string whose variables it has
---@param text string
---@return slack.console.Answer?
---@return slack.Error? err
function M.run(path, session, text)
  return ask(path, {
    method = "POST", url = URL .. "/run", timeout = ANY_TIME,
    headers = { "Content-Type", "application/json" },
    body = assert(json.encode { session = session, text = text }),
  })
end

return M
