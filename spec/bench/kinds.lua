-- Bodies of each kind of thing that comes, and the listeners that they are for.

local M = {}

local BODIES <const> = 64 -- for as many listeners, all over the range of ids

local function event_of(event)
  event.user, event.channel, event.ts = "U03ADA5K1QW", "C07DEPLOY42", "1700000001.000200"
  return {
    type = "event_callback", team_id = "T02MOON4XYZ", api_app_id = "A0123456789", event = event,
    event_id = "Ev1", event_time = 1700000001,
    authorizations = { { team_id = "T02MOON4XYZ", user_id = "U05BOTUSR01", is_bot = true } },
  }
end

local function interaction_of(body)
  body.user, body.team = { id = "U03ADA5K1QW" }, { id = "T02MOON4XYZ", domain = "moon" }
  body.api_app_id, body.token, body.trigger_id = "A0123456789", "verification", "3.4"
  return body
end

---@class bench.DispatchKind
---@field name string
---@field method string that registers a listener of it
---@field id string what the listener is for, with a number in it
---@field what? fun(id: string): table in place of the id alone, which Bolt has nothing for
---@field came_as slack.DeliveryKind
---@field body fun(id: string): table

---@type bench.DispatchKind[]
M.KINDS = {
  {
    name = "event types", method = "event", id = "type_%05d", came_as = "event",
    body = function(id) return event_of { type = id } end,
  },
  {
    name = "messages with plain texts", method = "message", id = "ticket %05d", came_as = "event",
    body = function(id)
      return event_of {
        type = "message", channel_type = "channel",
        text = "Hello, could somebody please look at " .. id .. " some time today? Thanks a lot!",
      }
    end,
  },
  {
    name = "reactions", method = "event", id = "emoji_%05d", came_as = "event",
    what = function(id) return { "reaction_added", reaction = id } end,
    body = function(id)
      return event_of { type = "reaction_added", reaction = id, item = { channel = "C07DEPLOY42" } }
    end,
  },
  {
    name = "messages by channel", method = "message", id = "C07DEP%05d", came_as = "event",
    what = function(id) return { channel = id } end,
    body = function(id)
      local body = event_of { type = "message", channel_type = "channel", text = "Hello!" }
      body.event.channel = id
      return body
    end,
  },
  {
    name = "actions", method = "action", id = "button_%05d", came_as = "interaction",
    body = function(id)
      return interaction_of {
        type = "block_actions", channel = { id = "C07DEPLOY42", name = "deploy" },
        container = { type = "message", message_ts = "1700000001.000200" },
        message = { type = "message", ts = "1700000001.000200" },
        response_url = "https://hooks.slack.com/actions/1",
        actions = { { type = "button", action_id = id, block_id = "b1", value = "v" } },
      }
    end,
  },
  {
    name = "commands", method = "command", id = "/command_%05d", came_as = "command",
    body = function(id)
      return {
        command = id, text = "now", user_id = "U03ADA5K1QW", channel_id = "C07DEPLOY42",
        team_id = "T02MOON4XYZ", trigger_id = "1.2",
        response_url = "https://hooks.slack.com/commands/1",
      }
    end,
  },
  {
    name = "views", method = "view", id = "form_%05d", came_as = "interaction",
    body = function(id)
      return interaction_of {
        type = "view_submission",
        view = { id = "V1", type = "modal", callback_id = id, state = { values = {} } },
      }
    end,
  },
  {
    name = "shortcuts", method = "shortcut", id = "shortcut_%05d", came_as = "interaction",
    body = function(id) return interaction_of { type = "shortcut", callback_id = id } end,
  },
  {
    name = "options", method = "options", id = "menu_%05d", came_as = "interaction",
    body = function(id)
      return interaction_of {
        type = "block_suggestion", action_id = id, block_id = "b1", value = "ab",
      }
    end,
  },
  {
    name = "functions", method = "func", id = "step_%05d", came_as = "event",
    body = function(id)
      return event_of {
        type = "function_executed", ["function"] = { id = "Fn1", callback_id = id, type = "app" },
        inputs = {}, function_execution_id = "Fx1", bot_access_token = "xwfp-bench",
      }
    end,
  },
}

---@param name string
---@return bench.DispatchKind
function M.find(name)
  for _, kind in ipairs(M.KINDS) do
    if kind.name == name then
      return kind
    end
  end
  error("there is no kind of dispatch called " .. name)
end

---Bodies that meet one of so many listeners each.
---@param kind bench.DispatchKind
---@param count integer of listeners
---@return table[]
function M.bodies(kind, count)
  local bodies = {}
  for i = 1, BODIES do
    bodies[i] = kind.body(kind.id:format(1 + (i - 1) * 7919 % count))
  end
  return bodies
end

---The listener number i of a kind.
---@param app slack.App
---@param kind bench.DispatchKind
---@param i integer
---@param handler function
function M.listen(app, kind, i, handler)
  local id = kind.id:format(i)
  app[kind.method](app, kind.what and kind.what(id) or id, handler)
end

return M
