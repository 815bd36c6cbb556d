-- A delivery's text, decoded, dispatched to listeners of every kind, answered: nothing is raised
-- out of it, what is owed is answered once, with JSON. The first byte of the input says how
-- it came; the rest is the body.

local Offline = require "support.offline_app"
local errors = require "slack.errors"
local every_listener = require "support.every_listener"
local http = require "slack.http"
local json = require "slack.json"

local CAME_AS <const> = { "event", "command", "interaction", false }

http.request = function() -- luacheck: ignore 122
  return nil, errors.new { code = "offline", message = "no network here" }
end

local raised, number
local offline

local function start()
  raised, number = {}, 0
  offline = Offline.new {
    log = { level = "error", sink = function(line) table.insert(raised, line) end },
  }
  every_listener.register(offline.app)
end

local function given_by(mode)
  local came_as = CAME_AS[mode % 4 + 1]
  local is_event = came_as == "event"
  return {
    came_as = came_as or nil, acked = is_event, held = is_event and mode & 4 ~= 0 or nil,
    has_status = mode & 8 ~= 0 or nil, takes_payload = mode & 16 == 0,
    retry = mode & 32 ~= 0 and { number = 1, reason = "timeout" } or nil,
  }
end

start()

return function(data)
  local mode = data:byte() or 0
  local given = given_by(mode)
  local body, problem = json.decode(data:sub(2))
  if type(body) ~= "table" then
    body, given.problem = {}, problem or "no object"
  end
  number = number + 1
  if type(body.event_id) == "string" then
    body.event_id = "Ev" .. number -- or it would be taken for a repetition
  end
  local request = offline:deliver(body, given)
  Offline.settle()
  assert(not raised[1], raised[1])
  local answers = #request.answers + (request.refused and 1 or 0)
  local owed = given.acked and not given.held and 0 or 1
  assert(answers == owed, ("%d answers, %d owed"):format(answers, owed))
  for _, text in ipairs(request.answers) do
    assert(text == "empty" or json.decode(text) ~= nil, text)
  end
  assert(offline.app:stats().running == 0)
  if number % 5000 == 0 then
    offline.app:close()
    start()
  end
end
