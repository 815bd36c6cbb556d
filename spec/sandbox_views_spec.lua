local json = require "slack.json"
local local_api = require "support.local_api"

local function it_with(name, fn, options)
  it(name, local_api.test(fn, options))
end

local function plain(text)
  return { type = "plain_text", text = text }
end

local function modal(fields)
  local view = { type = "modal", title = plain "Title", blocks = json.list {} }
  for name, value in pairs(fields or {}) do
    view[name] = value
  end
  return view
end

local HOME <const> = { type = "home", blocks = json.list {} }

-- Opens a modal of ada's.
local function open(api, fields)
  local trigger = api.here:new_trigger(api:id "ada")
  return api:ok("views.open", { trigger_id = trigger, view = modal(fields) }).view
end

-- The app answers what is delivered with a payload.
local function answer(api, payload)
  api.here.deliver = function(_, _, body)
    api.delivered = body
    return {
      await_ack = function() return payload end,
      ack_time = function() return 0.1 end,
    }
  end
end

describe("views of the local Slack", function()
  it_with("come back with all that Slack tells of them", function(api)
    local view = open(api)
    assert.same({ json.null, json.null, json.null, false, false, "", "" }, {
      view.close, view.submit, view.previous_view_id, view.clear_on_close, view.notify_on_close,
      view.private_metadata, view.external_id,
    })
    assert.equal(view.id, view.root_view_id)
    assert.equal(api.here.workspace.bot.id, view.bot_id)
  end)

  it_with("are opened once for a trigger", function(api)
    local trigger = api.here:new_trigger(api:id "ada")
    local args = { trigger_id = trigger, view = modal() }
    api:ok("views.open", args)
    assert.equal("exchanged_trigger_id", (api:fails("views.open", args)))
    args.trigger_id = "1.2.x"
    assert.equal("invalid_trigger_id", (api:fails("views.open", args)))
  end)

  it_with("are stacked three high, and no higher", function(api)
    open(api)
    local function push()
      return api:call("views.push", {
        trigger_id = api.here:new_trigger(api:id "ada"), view = modal() })
    end
    assert.is_true(push().ok)
    assert.is_true(push().ok)
    assert.equal("push_limit_reached", push().error)
  end)

  for name, case in pairs {
    ["a home tab where a modal belongs"] = { "views.open", { view = HOME }, "invalid_arguments" },
    ["a modal where a home tab belongs"] =
      { "views.publish", { user_id = "U0", view = modal() }, "invalid_arguments" },
    ["nobody's home tab"] = { "views.publish", { user_id = "U0", view = HOME }, "user_not_found" },
    ["an update of none"] = { "views.update", { view_id = "V0", view = modal() }, "not_found" },
    ["a push onto none"] = { "views.push", { view = modal() }, "not_found" },
    ["no view"] = { "views.open", {}, "invalid_arguments" },
    ["a title that is too long"] =
      { "views.open", { view = modal { title = plain(("x"):rep(25)) } }, "invalid_arguments" },
    ["private metadata that is too long"] =
      { "views.open", { view = modal { private_metadata = ("x"):rep(3001) } },
        "invalid_arguments" },
  } do
    it_with("refuse " .. name, function(api)
      case[2].trigger_id = case[1] ~= "views.publish" and api.here:new_trigger(api:id "ada") or nil
      assert.equal(case[3], (api:fails(case[1], case[2])))
    end)
  end

  it_with("have an external_id for one of them alone", function(api)
    open(api, { external_id = "one" })
    assert.equal("duplicate_external_id", (api:fails("views.open", {
      trigger_id = api.here:new_trigger(api:id "ada"), view = modal { external_id = "one" } })))
    api:ok("views.update", { external_id = "one", view = modal { external_id = "one" } })
  end)

  it_with("are updated by whoever has seen them last", function(api)
    local view = open(api)
    local args = { view_id = view.id, hash = view.hash, view = modal() }
    api:ok("views.update", args)
    assert.equal("hash_conflict", (api:fails("views.update", args)))
  end)

  it_with("are no home tabs where the app has none", function(api)
    assert.equal("not_enabled", (api:fails("views.publish", {
      user_id = api:id "ada", view = HOME })))
  end, { home_tab = false })

  it_with("are told of when the app is opened, on each tab", function(api)
    api:ok("views.publish", { user_id = api:id "ada", view = HOME })
    api.here:open_home { user = "ada" }
    api.here:open_home { user = "ada", tab = "messages" }
    assert.equal("app_home_opened app_home_opened", api:told())
    assert.same({ "home", "messages" }, { api.events[1].tab, api.events[2].tab })
    assert.truthy(api.events[1].view)
    assert.is_nil(api.events[2].view)
  end)

  for name, case in pairs {
    ["a text"] = { { text = "thanks" }, "response_action" },
    ["an unknown response_action"] = { { response_action = "close" }, "response_action" },
    ["errors at no input"] =
      { { response_action = "errors", errors = { nowhere = "x" } }, "nowhere" },
  } do
    it_with("stay, with a failure, after an answer with " .. name, function(api, here)
      local view = open(api)
      answer(api, case[1])
      local outcome = here:submit { user = "ada" }
      assert.equal("connection_error", outcome.failure)
      assert.truthy(outcome.detail:find(case[2], 1, true), outcome.detail)
      assert.equal(view.id, here:view().id)
    end)
  end

  it_with("do not grow above three by an answer", function(api, here)
    open(api)
    answer(api, { response_action = "push", view = modal() })
    assert.is_nil(here:submit({ user = "ada" }).failure)
    assert.is_nil(here:submit({ user = "ada" }).failure)
    assert.equal("connection_error", here:submit({ user = "ada" }).failure)
  end)
end)

describe("response URLs of the local Slack", function()
  -- A message with a button, clicked; what a post to its response URL gives.
  local function clicked(api)
    local posted = api:ok("chat.postMessage", { channel = "general", text = "How?", blocks = {
      { type = "actions", elements = {
        { type = "button", action_id = "go", text = plain "Go", url = "https://example.com/" },
      } },
    }, attachments = { { text = "beside", blocks = {
      { type = "actions", elements = {
        { type = "button", action_id = "there", text = plain "There" },
      } },
    } } } })
    answer(api, json.null)
    local message = api.here.workspace.find_message(
      api.here.workspace.channels[posted.channel], posted.ts)
    return message, function(action_id)
      return api.here:click { message = message, action_id = action_id, user = "ada" }
    end
  end

  local function respond(api, url, content)
    return (api.here:answer {
      method = "POST", path = url:match "^https?://[^/]+(/.*)$", headers = {},
      body = json.encode(content),
    })
  end

  it_with("replace a message whole, and delete it", function(api, here)
    local message, click = clicked(api)
    local url = click "go".response_url
    assert.equal("https://example.com/", api.delivered.actions[1].url)
    assert.equal(200, respond(api, url, { replace_original = true, text = "Done." }))
    assert.equal("Done.", message.text)
    assert.is_nil(message.blocks)
    assert.is_nil(message.attachments)
    assert.equal(200, respond(api, url, { delete_original = true }))
    assert.same({}, here:messages())
  end)

  it_with("tell nobody of a change to what one person only sees", function(api, here)
    local workspace = here.workspace
    local message = workspace:show_ephemeral(workspace:find_channel "general", api:id "ada", {
      text = "Sure?", blocks = {
        { type = "actions", elements = {
          { type = "button", action_id = "sure", text = plain "Sure" },
        } },
      },
    })
    answer(api, json.null)
    local url = here:click({ message = message, action_id = "sure", user = "ada" }).response_url
    api.delivered = nil
    assert.equal(200, respond(api, url, { replace_original = true, text = "Done." }))
    assert.equal("Done.", message.text)
    assert.is_nil(api.delivered)
  end)

  it_with("work five times", function(api)
    local _, click = clicked(api)
    local url = click "go".response_url
    for _ = 1, 5 do
      assert.equal(200, respond(api, url, { text = "x", replace_original = false }))
    end
    assert.equal(404, respond(api, url, { text = "x" }))
  end)

  it_with("belong to elements of attachments, too", function(api)
    local _, click = clicked(api)
    assert.truthy(click "there".response_url)
    assert.equal("message_attachment", api.delivered.container.type)
    assert.equal(1, api.delivered.container.attachment_id)
  end)

  it_with("are told without the names of private channels", function(api, here)
    local channel = here:create_channel { name = "secret", is_private = true }
    answer(api, json.null)
    here:command { command = "/x", channel = channel.id, user = "ada" }
    assert.equal("privategroup", api.delivered.channel_name)
  end)
end)
