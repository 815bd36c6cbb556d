-- Bodies as Slack sends them, small ones of every kind, and every way to spoil them.

local json = require "slack.json"

local M = {}

local function event(fields)
  return {
    came_as = "event",
    body = {
      type = "event_callback", team_id = "T1", context_team_id = "T1", api_app_id = "A1",
      event_id = "Ev1", event_time = 1700000000, is_ext_shared_channel = true,
      authorizations = {
        { enterprise_id = json.null, team_id = "T1", user_id = "U0BOT", is_bot = true,
          is_enterprise_install = false },
      },
      event = fields,
    },
  }
end

local function interaction(fields)
  fields.team = { id = "T1", enterprise_id = "E1" }
  fields.enterprise = { id = "E1" }
  fields.user = { id = "U1", team_id = "T1" }
  fields.api_app_id, fields.token, fields.trigger_id = "A1", "old", "1.2"
  fields.is_enterprise_install = false
  return { came_as = "interaction", body = fields }
end

local STATE = {
  values = {
    b1 = { a1 = { type = "plain_text_input", value = "x" } },
    b2 = { a2 = { type = "multi_users_select", selected_users = { "U1" } } },
    b3 = { a3 = { type = "static_select", selected_option = { value = "v",
      text = { type = "plain_text", text = "V" } } } },
    b4 = { a4 = { type = "datetimepicker", selected_date_time = 1700000000 } },
    b5 = { a5 = { type = "file_input", files = { { id = "F1" } } } },
  },
}

local VIEW = {
  id = "V1", root_view_id = "V1", type = "modal", callback_id = "v", external_id = "x",
  app_installed_team_id = "T1", team_id = "T1", hash = "1.a", private_metadata = "p", state = STATE,
  blocks = { { type = "input", block_id = "b1",
    element = { type = "plain_text_input", action_id = "a1" } } },
}

local SMALL_VIEW = {
  id = "V2", root_view_id = "V1", type = "home", callback_id = "v", external_id = json.null,
  team_id = "T1",
}

---A body of each kind: { came_as, body }.
---@return table<string, { came_as: string, body: table }>
function M.all()
  return {
    message = event { type = "message", text = "<@U0BOT> hello", user = "U1", channel = "C1",
      channel_type = "channel", ts = "1.1", thread_ts = "1.0", team = "T1", user_team = "T1",
      bot_id = "B9", app_id = "A9", bot_profile = { app_id = "A9" } },
    edit = event { type = "message", subtype = "message_changed", hidden = true, channel = "C1",
      ts = "1.2", message = { user = "U1", text = "x", ts = "1.1", thread_ts = "1.0",
        app_id = "A9" }, previous_message = { user = "U1", ts = "1.1", thread_ts = "1.0" } },
    reaction = event { type = "reaction_added", user = "U1", reaction = "wave", item_user = "U2",
      item = { type = "message", channel = "C1", ts = "1.1" }, event_ts = "1.3" },
    joined = event { type = "team_join", user = { id = "U1", team_id = "T1" } },
    home = event { type = "app_home_opened", user = "U1", channel = "D1", tab = "home",
      view = SMALL_VIEW },
    step = event { type = "function_executed", function_execution_id = "Fx1",
      bot_access_token = "xwfp-1", inputs = { who = "U1", count = 3 },
      ["function"] = { id = "Fn1", callback_id = "step", app_id = "A1",
        input_parameters = { { name = "who", type = "slack#/types/user_id" } } } },
    assistant = event { type = "assistant_thread_started", event_ts = "1.4", assistant_thread = {
      user_id = "U1", channel_id = "D1", thread_ts = "1.0", context = { channel_id = "C1" } } },
    revoked = event { type = "tokens_revoked", tokens = { oauth = { "U1" }, bot = { "U0BOT" } } },
    command = { came_as = "command", body = { command = "/x", text = "to prod <@U1|ada>",
      user_id = "U1", user_name = "ada", channel_id = "C1", channel_name = "general",
      team_id = "T1", enterprise_id = "E1", is_enterprise_install = "false", trigger_id = "1.2",
      response_url = "https://hooks.slack.com/commands/1", api_app_id = "A1" } },
    click = interaction { type = "block_actions", channel = { id = "C1" },
      container = { type = "message", message_ts = "1.1", channel_id = "C1", thread_ts = "1.0",
        is_ephemeral = false }, message = { ts = "1.1", thread_ts = "1.0", user = "U1" },
      state = STATE, response_url = "https://hooks.slack.com/actions/1",
      actions = { { type = "static_select", action_id = "a", block_id = "b",
        selected_option = { value = "v", text = { type = "plain_text", text = "V" } } } } },
    click_in_view = interaction { type = "block_actions", view = SMALL_VIEW,
      container = { type = "view", view_id = "V1" },
      actions = { { type = "button", action_id = "a", block_id = "b", value = "v" } } },
    attachment = interaction { type = "interactive_message", callback_id = "c",
      channel = { id = "C1" }, message_ts = "1.1", attachment_id = "1",
      response_url = "https://hooks.slack.com/actions/2",
      actions = { { name = "n", type = "select", selected_options = { { value = "v" } } } } },
    dialog = interaction { type = "dialog_submission", callback_id = "d", state = "s",
      channel = { id = "C1" }, submission = { name = "x" },
      response_url = "https://hooks.slack.com/app/1" },
    menu = interaction { type = "block_suggestion", action_id = "o", block_id = "b", value = "x",
      container = { type = "view", view_id = "V1" }, view = SMALL_VIEW },
    shortcut = interaction { type = "shortcut", callback_id = "s", action_ts = "1.1" },
    message_shortcut = interaction { type = "message_action", callback_id = "s", message_ts = "1.1",
      channel = { id = "C1" }, message = { ts = "1.1", user = "U1", text = "x" },
      response_url = "https://hooks.slack.com/app/2" },
    form = interaction { type = "view_submission", view = VIEW, response_urls = {
      { response_url = "https://hooks.slack.com/app/3", channel_id = "C1", block_id = "b1",
        action_id = "a1" } } },
    closed = interaction { type = "view_closed", view = SMALL_VIEW, is_cleared = false },
    future = interaction { type = "some_future_thing", thing = { id = "X" } },
  }
end

-- What may stand where something else is usual; REMOVED leaves it out.
local REMOVED = {}
M.SPOILT = {
  REMOVED, json.null, 5, true, json.list { 1, "x", json.null, {} },
  { id = 7, type = json.null, x = { 1 } },
}

local function copy(value)
  if type(value) ~= "table" then
    return value
  end
  local made = json.is_list(value) and json.list {} or {}
  for name, inner in pairs(value) do
    made[name] = copy(inner)
  end
  return made
end

local function each_place(value, path, visit)
  for name, inner in pairs(value) do
    local here = table.move(path, 1, #path, 1, {})
    here[#here + 1] = name
    visit(here)
    if type(inner) == "table" then
      each_place(inner, here, visit)
    end
  end
end

---Calls visit(body, words) for the body with each of its fields, however deep, spoilt in each
---way.
---@param body table
---@param visit fun(body: table, words: string)
---@param spoilt? any[]
function M.spoil(body, visit, spoilt)
  each_place(body, {}, function(path)
    for i, value in ipairs(spoilt or M.SPOILT) do
      local made = copy(body)
      local at = made
      for level = 1, #path - 1 do
        at = at[path[level]]
      end
      at[path[#path]] = value ~= REMOVED and copy(value) or nil
      visit(made, ("%s (%d)"):format(table.concat(path, "."), i))
    end
  end)
end

return M
