-- What is done to the app from outside: deliveries again, lost connections, failures on
-- demand, its process.

local json = require "slack.json"

local REFRESH_GRACE <const> = 10 -- seconds between the warning and the end, as at Slack

local M = {}

M.send_again = {
  fields = { n = "integer", same_id = "boolean?" },
  run = function(live, given)
    local delivery, problem = live.page.sandbox:send_again(given.n, { same_id = given.same_id })
    return delivery and {} or nil, problem
  end,
}

-- All that are there, over Socket Mode and RTM.
local function connections(sandbox)
  local list = table.move(sandbox.socket.connections, 1, #sandbox.socket.connections, 1, {})
  return table.move(sandbox.rtm.connections, 1, #sandbox.rtm.connections, #list + 1, list)
end

local function warn(connection, reason)
  if connection.goodbye then
    connection:goodbye()
  else
    connection:disconnect(reason)
  end
end

local CONTROLS = {}

function CONTROLS.refresh(sandbox)
  for _, connection in ipairs(connections(sandbox)) do
    warn(connection, "refresh_requested")
    sandbox.socket:after(REFRESH_GRACE, function() connection:close() end)
  end
end

function CONTROLS.disconnect(sandbox)
  for _, connection in ipairs(connections(sandbox)) do
    warn(connection, "warning")
    connection:close()
  end
end

function CONTROLS.drop(sandbox)
  for _, connection in ipairs(connections(sandbox)) do
    connection:reset()
  end
end

function CONTROLS.rate_limit(sandbox, given)
  sandbox:fail(given.method or "*", {
    error = "ratelimited", retry_after = given.retry_after or 3, times = given.times or 1,
  })
end

function CONTROLS.fail(sandbox, given)
  sandbox:fail(given.method or "*", {
    error = given.error or "internal_error", times = given.times or 1,
  })
end

function CONTROLS.clear(sandbox, given)
  sandbox:fail(given.method or "*", nil)
end

local NEED_CONNECTION = { refresh = true, disconnect = true, drop = true }

M.control = {
  fields = {
    what = "string", method = "string?", error = "string?", times = "integer?",
    retry_after = "integer?",
  },
  run = function(live, given)
    local sandbox, control = live.page.sandbox, CONTROLS[given.what]
    if not control then
      return nil, "there is no such control"
    elseif NEED_CONNECTION[given.what] and not connections(sandbox)[1] then
      return nil, "the app is not connected"
    end
    sandbox.recorder:add {
      kind = "note", way = "out", name = given.what,
      body = { method = given.method, error = given.error, times = given.times },
    }
    control(sandbox, given)
    return {}
  end,
}

M.restart = {
  fields = {},
  run = function(live)
    local child = live.page.sandbox.child
    if not child then
      return nil, "the app was started elsewhere: start it again there"
    end
    local ok, message = child:restart()
    return ok and json.decode "{}" or nil, message
  end,
}

return M
