-- An app with a listener of every kind, whose handlers look at all that a context has and answer
-- in every way that there is.

local slack = require "slack"

local M = {}

-- Fields that are computed when asked for.
local FIELDS <const> = {
  "type", "event", "message", "command", "action", "options", "shortcut", "view", "user_id",
  "channel_id", "team_id", "enterprise_id", "thread_ts", "message_ts", "trigger_id", "response_url",
  "is_enterprise_install", "actor_user_id", "actor_team_id", "actor_enterprise_id", "bot_id",
  "bot_user_id", "authorization", "client", "user_client", "log", "data", "state", "headers",
  "event_id", "text", "values", "block_values", "inputs", "params", "function_execution_id",
  "response_urls", "callback_id",
}

local function use(c, next)
  tostring(c)
  for _, name in ipairs(FIELDS) do
    local _ = c[name]
  end
  local own = c:_fork()
  for _, call in ipairs { "say", "reply", "respond" } do
    own[call](own, "text")
  end
  own:update { text = "text", type = "modal" } -- a view where there is one
  own:react "wave"
  own:open { type = "modal" }
  return next and next() or nil
end

---@param app slack.App
function M.register(app)
  local any = slack.pattern ""
  app:use(slack.limit { per = "user", count = 10000, seconds = 0.0001 })
  app:use(use)
  app:event(any, use)
  app:event({ type = "reaction_added", reaction = any, order = "thread" }, use)
  app:message(use)
  app:message("hello", slack.ignore_self, use)
  app:message({ mention = true }, use)
  app:message({ subtype = "message_changed", dm = false, thread = true, channel = "C1" }, use)
  app:func("step", use)
  app:command("/x", { ["to <env> <who:user>"] = use })
  app:command({ command = any, text = any, order = "channel", concurrency = 5 }, use)
  app:action({ action_id = any, type = any }, slack.only("action"), use)
  app:action({ callback_id = any, channel = any }, use)
  app:options({ block_id = any }, use)
  app:shortcut(any, use)
  app:view({ callback_id = any, external_id = any }, use)
  app:view_closed(any, use)
  app:any(use)
end

return M
