-- Every kind of payload reaches the listener that is registered with its natural id, over
-- Socket Mode and over signed HTTP, and the context has the same fields there: for payloads
-- of our own, and for the collection of samples beside the project where there is one.

local files = require "support.files"
local json = require "slack.json"
local live = require "support.live_app"
local collection = require "support.samples"
local signed = require "support.signed"
local tasks = require "slack.tasks"

local FORM <const> = "application/x-www-form-urlencoded"
local PATIENCE <const> = 20 -- seconds
local COLUMNS <const> = {
  "kind", "listener", "user_id", "channel_id", "team_id", "enterprise_id", "message_ts",
  "thread_ts",
}

local FIELDS = {
  "kind", "user_id", "channel_id", "team_id", "enterprise_id", "message_ts", "thread_ts",
  "trigger_id", "response_url", "is_enterprise_install", "actor_user_id", "actor_team_id",
  "actor_enterprise_id", "bot_id", "bot_user_id", "text",
}

-- What is written where a field is nil, so that it is compared as well.
local NONE <const> = "-"

---@class spec.Sample
---@field name string
---@field kind string of the context
---@field listener string id that it is registered with
---@field body table
---@field form? string its raw body over HTTP, where that is no JSON
---@field expected table<string, any> of the context

local function snapshot(c)
  local seen = {}
  for _, name in ipairs(FIELDS) do
    local value = c[name]
    seen[name] = value == nil and NONE or value
  end
  return seen
end

-- Registering --------------------------------------------------------------------

local METHODS = {
  event = "event", command = "command", action = "action", options = "options",
  shortcut = "shortcut", unknown = "any",
}

local function method_of(sample)
  if sample.kind == "view" then
    return sample.body.type == "view_closed" and "view_closed" or "view"
  end
  return METHODS[sample.kind]
end

-- What has no action_id is found by its callback_id, what is of no kind by nothing.
local function what_of(sample)
  if sample.kind == "unknown" then
    return {}
  end
  local part = sample.body.actions and sample.body.actions[1] or sample.body
  if (sample.kind == "action" or sample.kind == "options") and not part.action_id then
    return { callback_id = sample.listener }
  end
  return sample.listener
end

-- One listener for each id of each kind; it passes on to whoever waits.
local function register(app, samples, inbox)
  local known = {}
  for _, sample in ipairs(samples) do
    local method = method_of(sample)
    local key = method .. " " .. sample.listener
    if not known[key] then
      known[key] = true
      app[method](app, what_of(sample), function(c)
        inbox.key, inbox.seen = key, snapshot(c)
        inbox.waiter:resolve(true)
      end)
    end
  end
end

-- Delivering ---------------------------------------------------------------------

local WAYS = { event = "events_api", command = "slash_commands" }

local function deliver(here, url, sample, transport)
  local body = sample.body
  if sample.form and transport == "http" then
    signed.post(url, sample.form, { secret = here.signing_secret, type = FORM })
    return
  elseif body.event_id then -- not to be taken for a repetition
    body.event_id = ("%s-%s"):format(sample.name, transport)
  end
  here.delivery = transport
  here:deliver(WAYS[sample.kind] or "interactive", body, { accepts_response_payload = true })
end

local function difference(sample, inbox, identity)
  local expected = {}
  for name, value in pairs(sample.expected) do
    expected[name] = value
  end
  expected.bot_id, expected.bot_user_id = identity.bot_id, identity.bot_user_id
  local problems = {}
  local key = ("%s %s"):format(method_of(sample), sample.listener)
  if inbox.key ~= key then
    table.insert(problems, ("came to %s instead of %s"):format(inbox.key, key))
  end
  for _, name in ipairs(FIELDS) do
    if inbox.seen[name] ~= expected[name] then
      table.insert(problems, ("%s is %s, %s expected"):format(name, tostring(inbox.seen[name]),
        tostring(expected[name])))
    end
  end
  return problems
end

-- Sends all samples over one transport; what was wrong of each.
local function send_all(here, app, samples, inbox, transport)
  local url = app.http_server:url() .. app.settings.http.path
  local problems = {}
  for _, sample in ipairs(samples) do
    inbox.waiter, inbox.seen, inbox.key = tasks.waiter(), nil, nil
    deliver(here, url, sample, transport)
    if not tasks.timeout(PATIENCE, function() return inbox.waiter:await() end) then
      table.insert(problems, ("%s over %s: never came"):format(sample.name, transport))
    else
      for _, problem in ipairs(difference(sample, inbox, app.identity)) do
        table.insert(problems, ("%s over %s: %s"):format(sample.name, transport, problem))
      end
    end
  end
  return problems
end

-- Both transports in one app.
local function check(samples)
  live.run(function(here, new_app, lines)
    local app = new_app { transport = "both", ignore_self = false }
    local inbox = {}
    register(app, samples, inbox)
    live.start(here, app)
    for _, transport in ipairs { "socket", "http" } do
      local problems = send_all(here, app, samples, inbox, transport)
      assert.equal("", table.concat(problems, "\n"))
    end
    assert.not_matches("ERROR", table.concat(lines, "\n"))
  end)
end

-- The collection -------------------------------------------------------------------

-- By a rough rule: the text that stands behind the name anywhere in the file.
local function text_behind(text, name)
  return text:match('"' .. name .. '"%s*:%s*"([^"]+)"')
end

local function read_row(line)
  local words = {}
  for word in line:gmatch "%S+" do
    table.insert(words, word)
  end
  local row = { name = words[1] }
  for i, column in ipairs(COLUMNS) do
    row[column] = words[i + 1]
  end
  local more = table.concat(words, " ", #COLUMNS + 2)
  row.is_enterprise_install = more:find "^org" ~= nil
  row.actor_user_id = row.user_id
  row.actor_team_id = more:match "actor_team=(%S+)" or row.team_id
  row.actor_enterprise_id = more:match "actor_enterprise=(%S+)" or row.enterprise_id
  return row
end

-- Of a command, a message or the one that a shortcut was chosen for, an edited one inside.
local function text_of(row, body)
  local part = row.kind == "event" and body.event or row.kind == "command" and body
    or row.kind == "shortcut" and body.message or {}
  local text = part.text or type(part.message) == "table" and part.message.text
  return type(text) == "string" and text or NONE
end

local function read_sample(row)
  local text, form
  if row.kind == "command" then
    text = files.read(collection.PATH .. row.name .. ".decoded.json")
    form = files.read(collection.PATH .. row.name .. ".form.txt")
  else
    text = files.read(collection.PATH .. row.name .. ".json")
  end
  row.trigger_id = text_behind(text, "trigger_id") or text_behind(text, "interactivity_pointer")
    or NONE
  row.response_url = text_behind(text, "response_url") or NONE
  local body = assert(json.decode(text))
  row.text = text_of(row, body)
  return {
    name = row.name, kind = row.kind, listener = row.listener, body = body, form = form,
    expected = row,
  }
end

local function read_rows()
  local rows = {}
  for line in files.read("spec/fixtures/sample_payloads.txt"):gmatch "[^\n]+" do
    if not line:find "^#" then
      table.insert(rows, read_row(line))
    end
  end
  return rows
end

-- Our own --------------------------------------------------------------------------

local function own(name, kind, listener, body, expected)
  local all = {
    kind = kind, team_id = "T0OWN", is_enterprise_install = false, user_id = "U0OWN",
  }
  for field, value in pairs(expected) do
    all[field] = value
  end
  for _, field in ipairs(FIELDS) do
    all[field] = all[field] == nil and NONE or all[field]
  end
  all.actor_user_id, all.actor_team_id = all.user_id, all.team_id
  all.actor_enterprise_id = all.enterprise_id
  return { name = name, kind = kind, listener = listener, body = body, expected = all }
end

local function event(inner)
  return {
    type = "event_callback", team_id = "T0OWN", event_id = "set later", event = inner,
    authorizations = { { team_id = "T0OWN", enterprise_id = json.null, is_bot = true } },
  }
end

local function interaction(fields)
  fields.user = fields.user or { id = "U0OWN", team_id = "T0OWN" }
  fields.team = fields.team or { id = "T0OWN", domain = "own" }
  fields.enterprise = fields.enterprise or json.null
  fields.is_enterprise_install = fields.is_enterprise_install or false
  return fields
end

local OWN = {
  own("what is of no kind", "unknown", "step", interaction {
    type = "workflow_step_edit", callback_id = "step", trigger_id = "7.8",
  }, { trigger_id = "7.8" }),
  own("a message in a thread", "event", "message", event {
    type = "message", channel = "C0OWN", user = "U0OWN", text = "x", ts = "2.2", thread_ts = "1.1",
  }, { channel_id = "C0OWN", message_ts = "2.2", thread_ts = "1.1", text = "x" }),
  own("an edited message", "event", "message", event {
    type = "message", subtype = "message_changed", channel = "C0OWN", ts = "3.3",
    message = { user = "U0OWN", ts = "2.2", text = "y" }, previous_message = { user = "U0OWN" },
  }, { channel_id = "C0OWN", message_ts = "2.2", text = "y" }),
  own("a reaction", "event", "reaction_added", event {
    type = "reaction_added", user = "U0OWN", reaction = "eyes", item_user = "U0OTHER",
    item = { type = "message", channel = "C0OWN", ts = "2.2" },
  }, { channel_id = "C0OWN", message_ts = "2.2" }),
  own("a pin", "event", "pin_added", event {
    type = "pin_added", user = "U0OWN", channel_id = "C0OWN",
    item = { type = "message", channel = "C0OWN", message = { user = "U0OTHER", ts = "2.2" } },
  }, { channel_id = "C0OWN", message_ts = "2.2" }),
  own("an assistant's thread", "event", "assistant_thread_started", event {
    type = "assistant_thread_started", assistant_thread = {
      user_id = "U0OWN", channel_id = "D0OWN", thread_ts = "1.1", context = { channel_id = "C0NO" },
    },
  }, { channel_id = "D0OWN", thread_ts = "1.1" }),
  own("a work object that is opened", "event", "entity_details_requested", event {
    type = "entity_details_requested", user = "U0OWN", channel = "C0OWN", message_ts = "2.2",
    trigger_id = "7.8",
  }, { channel_id = "C0OWN", message_ts = "2.2", trigger_id = "7.8" }),
  own("a channel that somebody deleted", "event", "channel_deleted", event {
    type = "channel_deleted", channel = "C0OWN", actor_id = "U0OWN",
  }, { channel_id = "C0OWN" }),
  own("a request for an app", "event", "app_requested", event {
    type = "app_requested", app_request = { user = { id = "U0OWN" } },
  }, {}),
  own("a button in a thread", "action", "press", interaction {
    type = "block_actions", channel = { id = "C0OWN", name = "own" }, trigger_id = "7.8",
    container = { type = "message", message_ts = "2.2", thread_ts = "1.1", channel_id = "C0OWN" },
    message = { ts = "2.2", thread_ts = "1.1", bot_id = "B0OWN" },
    actions = { { type = "button", action_id = "press", block_id = "b" } },
    response_url = "https://hooks.slack.com/actions/1",
  }, { channel_id = "C0OWN", message_ts = "2.2", thread_ts = "1.1", trigger_id = "7.8",
    response_url = "https://hooks.slack.com/actions/1" }),
  own("a button of an ephemeral message", "action", "press", interaction {
    type = "block_actions", trigger_id = "7.8",
    container = { type = "message", message_ts = "2.2", channel_id = "C0OWN", is_ephemeral = true },
    actions = { { type = "button", action_id = "press", block_id = "b" } },
  }, { channel_id = "C0OWN", message_ts = "2.2", trigger_id = "7.8" }),
  own("a button of an attachment", "action", "old", interaction {
    type = "interactive_message", callback_id = "old", channel = { id = "C0OWN" },
    actions = { { name = "go", type = "button" } }, message_ts = "2.2",
    original_message = { ts = "2.2", thread_ts = "1.1" },
  }, { channel_id = "C0OWN", message_ts = "2.2", thread_ts = "1.1" }),
  own("a menu of a modal", "options", "pick", interaction {
    type = "block_suggestion", action_id = "pick", block_id = "b", value = "",
    container = { type = "view", view_id = "V0OWN" }, view = { id = "V0OWN" },
  }, {}),
  own("a shortcut", "shortcut", "new", interaction {
    type = "shortcut", callback_id = "new", trigger_id = "7.8",
  }, { trigger_id = "7.8" }),
  own("a shortcut of a message", "shortcut", "task", interaction {
    type = "message_action", callback_id = "task", trigger_id = "7.8", channel = { id = "C0OWN" },
    message_ts = "2.2", message = { ts = "2.2", user = "U0OTHER", text = "Grüße 🚀" },
  }, { channel_id = "C0OWN", message_ts = "2.2", trigger_id = "7.8", text = "Grüße 🚀" }),
  own("a modal of an organization", "view", "form", interaction {
    type = "view_submission", team = json.null, enterprise = { id = "E0OWN" },
    is_enterprise_install = true, trigger_id = "7.8",
    view = { id = "V0OWN", callback_id = "form", app_installed_team_id = "T0OWN" },
    response_urls = { { response_url = "https://hooks.slack.com/app/1", channel_id = "C0OTHER" } },
  }, { enterprise_id = "E0OWN", is_enterprise_install = true, trigger_id = "7.8",
    response_url = "https://hooks.slack.com/app/1" }),
  own("a modal that is closed", "view", "form", interaction {
    type = "view_closed", view = { id = "V0OWN", callback_id = "form" },
  }, {}),
  own("a command", "command", "/own", {
    command = "/own", text = "Grüße & <b> 100% +1 a=b", user_id = "U0OWN", channel_id = "C0OWN",
    team_id = "T0OWN", enterprise_id = "E0OWN", is_enterprise_install = "true", trigger_id = "7.8",
    response_url = "https://hooks.slack.com/commands/1",
  }, { channel_id = "C0OWN", enterprise_id = "E0OWN", is_enterprise_install = true,
    trigger_id = "7.8", response_url = "https://hooks.slack.com/commands/1",
    text = "Grüße & <b> 100% +1 a=b" }),
}

-- Frames and bodies as they are -----------------------------------------------------

-- What comes of each file: the listener, the id that it is registered with, and the retry.
local FRAMES = {
  { "events_api-retry1", "event message", retry = { number = 1, reason = "timeout" } },
  { "events_api-function_executed", "event function_executed" },
  { "interactive-block_actions", "action approve" },
  { "interactive-block_suggestion", "options branch" },
  { "interactive-message_action", "shortcut make_task" },
  { "interactive-shortcut", "shortcut new_deploy" },
  { "interactive-view_closed", "view_closed deploy_form" },
  { "interactive-view_submission", "view deploy_form" },
  { "slash_commands", "command /deploy" },
}
local BODIES = {
  { "interaction-block_actions.form.txt", "action approve" },
  { "interaction-view_submission.form.txt", "view deploy_form" },
}

local function check_raw(app, inbox, list, send)
  for _, case in ipairs(list) do
    local method, id = case[2]:match "(%S+) (.+)"
    app[method](app, id, function(c)
      inbox.waiter:resolve { came_to = case[2], retry = c.retry, user_id = c.user_id }
    end)
  end
  for _, case in ipairs(list) do
    inbox.waiter = tasks.waiter()
    send(case[1])
    local seen = tasks.timeout(PATIENCE, function() return inbox.waiter:await() end)
    assert.is_table(seen, case[1])
    assert.same({ case[2], case.retry }, { seen.came_to, seen.retry })
    assert.equal(case[2]:find "function" and NONE or "U03ADA5K1QW", seen.user_id or NONE)
  end
end

describe("the context is right over both transports", function()
  it("for payloads of every kind (S161, S162, S164)", function()
    check(OWN)
  end)

  if collection.ARE_THERE then
    for _, folder in ipairs { "events", "interactions", "commands" } do
      it("for the sample payloads of " .. folder .. " (S161, S162, S164)", function()
        local samples = {}
        for _, row in ipairs(read_rows()) do
          if row.name:find(folder, 1, true) == 1 then
            table.insert(samples, read_sample(row))
          end
        end
        check(samples)
      end)

      it("and there is an expectation of every sample of " .. folder, function()
        local known = {}
        for _, row in ipairs(read_rows()) do
          known[row.name] = true
        end
        for _, path in ipairs(files.list(collection.PATH .. folder, "%.json$")) do
          local name = path:match("([^/]+/[^/]+)%.json$"):gsub("%.decoded$", "")
          assert.is_true(known[name], name)
        end
      end)
    end

    it("for sample frames of Socket Mode and sample bodies of HTTP, as they are", function()
      live.run(function(here, new_app)
        local app, inbox = new_app { transport = "both" }, {}
        live.start(here, app)
        check_raw(app, inbox, FRAMES, function(name)
          local text = files.read(("%ssocket/envelope--%s.json"):format(collection.PATH, name))
          here.socket.connections[1]:send(text)
        end)
        local url = app.http_server:url() .. app.settings.http.path
        check_raw(app, inbox, BODIES, function(name)
          signed.post(url, files.read(collection.PATH .. "http/" .. name),
            { secret = here.signing_secret, type = FORM })
        end)
      end)
    end)
  end
end)
