-- The body of an event, of which most handlers want the event alone: the transport
-- decodes that at once, and all else when somebody asks for request.body.
--
-- Such a request has, in place of its body:
--
--   event      the body's table of that name
--   event_id   the id of the event that the body has, if that is a string
--   rest       the JSON text of the body with null in place of the event

local json = require "slack.json"

local M = {}

local function whole(request)
  local body = json.decode(request.rest)
  body.event = request.event
  request.body, request.rest = body, false
  return body
end

---The __index of such requests.
---@param class table with all else that they have
---@return fun(request: slack.Request, name: string): any
function M.index(class)
  return function(request, name)
    if name == "body" then
      return whole(request)
    end
    return class[name]
  end
end

return M
