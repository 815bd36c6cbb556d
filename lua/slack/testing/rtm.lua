-- What `app.rtm` sends in a test: it goes to the local Slack without a connection.

local Rtm = require "slack.sandbox.rtm"
local json = require "slack.json"
local loop = require "slack.loop"

local M = {}

local CONNECTION <const> = 1

-- The app's connection, as the local Slack sees it: replies go to who sent, the rest are events.
local function new_connection(sender, slack_here)
  local workspace = slack_here.workspace
  return {
    workspace = workspace, user_id = workspace.bot.user_id, frames = {}, subscribed = {},
    send = function(_, frame)
      local copy = assert(json.decode(assert(json.encode(frame))))
      if copy.reply_to then
        loop.defer(function() sender:reply(copy) end)
      else
        slack_here:deliver_event(copy)
      end
    end,
    close = function() sender:lost(CONNECTION) end,
  }
end

---An app with `transport = "rtm"` has begun to run.
---@param app slack.App
---@param slack_here slack.Sandbox
function M.connect(app, slack_here)
  local side = Rtm.new { url = slack_here.url, trace = slack_here.recorder }
  local connection = new_connection(app.rtm, slack_here)
  local function take(text)
    side:on_text(connection, text, loop.now())
    slack_here:changed()
  end
  app.rtm:open()
  app.rtm:connected({ send = function(_, _, text) loop.defer(take, text) end }, CONNECTION)
end

return M
