-- A receiver or a worker under test, with no-op listeners for each kind of event in the mix.
--   lua5.4 spec/bench/app_role.lua receiver|worker API_URL CA_FILE REDIS EVENTS FIGURE
-- The worker ends when it has handled so many events, and writes to the file FIGURE how many
-- CPU seconds each of them took.
package.path = package.path .. ";./spec/?.lua"

local mix = require "bench.mix"
local slack = require "slack"
local tasks = require "slack.tasks"

local WARM_UP <const>, LOOK <const> = 100, 0.05

local role, api_url, ca_file, storage, figure = arg[1], arg[2], arg[3], arg[4], arg[6]
local events = math.tointeger(arg[5])

local app = slack.app {
  token = "xoxb-bench", app_token = role == "receiver" and "xapp-bench" or nil,
  connections = role == "receiver" and 1 or nil,
  api_url = api_url, ca_file = ca_file, storage = storage, role = role, log = "error",
}

local handled, began = 0, nil

local function count()
  handled = handled + 1
  if handled == WARM_UP then
    began = os.clock()
  end
end

mix.listen(app, count)

if role == "worker" then
  tasks.spawn(function()
    repeat
      tasks.sleep(LOOK)
    until handled >= events
    local file <close> = assert(io.open(figure, "w"))
    file:write((os.clock() - began) / (handled - WARM_UP))
    app:stop()
  end)
end

app:run()
