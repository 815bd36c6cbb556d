local blocks = require "slack.blocks"
local client = require "slack.client"
local live_app = require "support.live_app"
local log = require "slack.log"
local sandbox = require "support.local_slack"
local slack = require "slack"

describe("the local Slack", function()
  local slack_here, api

  before_each(function()
    slack_here = assert(sandbox.start { log = log.new { level = "off" } })
    api = client.new {
      token = slack_here.bot_token, api_url = slack_here.api_url, ca_file = slack_here.ca_file,
      proxy = "", log = log.new { level = "off" }, retries = 0,
    }
  end)

  after_each(function()
    slack_here:stop()
  end)

  it("refuses an object in the place of a list of blocks, as Slack does", function()
    local ada = slack_here.workspace:find_user "ada"
    local answer, err = api.views.publish { user_id = ada.id, view = '{"type":"home","blocks":{}}' }
    assert.is_nil(answer)
    assert.equal("invalid_arguments", err.code)
    assert.same({ "[ERROR] must provide an array [json-pointer:/view/blocks]" },
      err.response.response_metadata.messages)
    assert(api.views.publish { user_id = ada.id, view = { type = "home", blocks = {} } })
  end)

  it("refuses blocks by Slack's rules, in Slack's words", function()
    local answer, err = api.chat.postMessage {
      channel = "general", blocks = { blocks.divider(), { type = "header", text = "x" } },
    }
    assert.is_nil(answer)
    assert.equal("invalid_blocks", err.code)
    assert.same({ "[ERROR] a text object expected, got \"x\" [json-pointer:/blocks/1/text]" },
      err.response.response_metadata.messages)
    assert.equal("blocks[2].text", err.path)
  end)

  it("refuses blocks of a type that there is not", function()
    local misspelt = { { type = "divider" }, { type = "sektion" } }
    local answer, err = api.chat.postMessage { channel = "general", text = "x", blocks = misspelt }
    assert.is_nil(answer)
    assert.equal("invalid_blocks", err.code)
    assert.same({ "[ERROR] unsupported type: sektion [json-pointer:/blocks/1/type]" }, err.messages)
    assert.equal("blocks[2].type", err.path)
    assert.matches('did you mean "section"', err.message)
    answer, err = api.views.publish {
      user_id = slack_here.workspace:find_user "ada".id,
      view = { type = "home", blocks = misspelt },
    }
    assert.is_nil(answer)
    assert.equal("invalid_arguments", err.code)
    assert.equal("view.blocks[2].type", err.path)
  end)

  it("takes what the constructors make", function()
    assert(api.chat.postMessage {
      channel = "general", text = "x", blocks = { blocks.header "x", blocks.table { { "a" } } },
    })
    assert(api.chat.postMessage {
      channel = "general", text = "x", blocks = { blocks.actions { blocks.rich_text_input "r" } },
    })
  end)

  it("refuses views by Slack's rules", function()
    local _, err = api.views.publish {
      user_id = slack_here.workspace:find_user "ada".id,
      view = { type = "home", blocks = { { type = "markdown", text = "x" } } },
    }
    assert.equal("invalid_arguments", err.code)
    assert.equal("view.blocks[1]", err.path)
    local many = {}
    for i = 1, 100 do
      many[i] = blocks.section(("x"):rep(2900))
    end
    _, err = api.views.publish {
      user_id = slack_here.workspace:find_user "ada".id, view = { type = "home", blocks = many },
    }
    assert.equal("view_too_large", err.code)
  end)

  it("shows the person a failure when the answer to a modal has a view that is wrong", function()
    live_app.run(function(here, new_app)
      local app = new_app()
      app:command("/open", function(c)
        c:ack()
        c:open(blocks.modal("First", { callback_id = "first" }))
      end)
      app:view("first", function()
        return { response_action = "push", view = { type = "modal", blocks = {} } }
      end)
      live_app.start(here, app)
      here:command { command = "/open" }
      local view = here:wait(function() return here:view() end)
      local outcome = here:submit { view = view }
      assert.equal("connection_error", outcome.failure)
      assert.matches("/view/title", outcome.detail)
      assert.equal("first", here:view().callback_id)
    end)
  end)
end)

describe("a click in the local Slack", function()
  it("says what is chosen in a menu as Slack does, by its value", function()
    live_app.run(function(here, new_app)
      local app, actions = new_app(), {}
      app:action(slack.pattern "", function(c) actions[c.action.action_id] = c.action end)
      app:command("/menus", function()
        return blocks.message("Menus", blocks.actions {
          blocks.static_select("size", { "S", { "Medium", "M" } }),
          blocks.overflow("more", { "Edit", "Delete" }), blocks.checkboxes("boxes", { "a", "b" }),
          blocks.users_select "who", blocks.button("Go", "go", "1"),
        })
      end)
      live_app.start(here, app)
      local message = here:command({ command = "/menus" }).message
      for action_id, value in pairs {
        size = "M", more = "Delete", boxes = { "b" }, who = "U1",
      } do
        here:click { message = message, action_id = action_id, value = value }
        live_app.wait(function() return actions[action_id] end)
      end
      assert.same(blocks.option("Medium", "M"), actions.size.selected_option)
      assert.equal("Delete", actions.more.selected_option.value)
      assert.same({ blocks.option "b" }, actions.boxes.selected_options)
      assert.equal("U1", actions.who.selected_user)
      local ok, err = pcall(here.click, here, { message = message, action_id = "go", value = "x" })
      assert.is_false(ok)
      assert.matches("sandbox: nothing can be chosen in the button go$", err)
    end)
  end)
end)

describe("an answer with blocks that Slack does not take", function()
  -- Lines of the log that begin with a warning about the answer.
  local function warnings(lines)
    local found = {}
    for _, line in ipairs(lines) do
      local text = line:match "Slack does not take what was answered.*failure: (.-)  listener="
      table.insert(found, text)
    end
    return found
  end

  it("is sent as it is and told in the log, for Slack tells the app nothing (S185)", function()
    live_app.run(function(here, new_app, lines)
      local app = new_app()
      app:command("/ask", function()
        return blocks.message("Who?", blocks.actions { blocks.external_select "who" })
      end)
      app:command("/broken", function()
        return { text = "x", blocks = { { type = "header", text = "x" } } }
      end)
      app:options("who", function()
        return { { text = { type = "plain_text", text = "" }, value = "1" } }
      end)
      live_app.start(here, app)
      local message = here:command({ command = "/ask" }).message
      here:suggest { message = message, action_id = "who" }
      here:command { command = "/broken" }
      live_app.wait(function() return #warnings(lines) == 2 end)
      assert.same({
        "options[1].text.text: it is empty",
        "blocks[1].text: a text object expected, got \"x\"",
      }, warnings(lines))
    end)
  end)

  it("is named by its path where it is posted to a response URL", function()
    live_app.run(function(here, new_app)
      local app, err = new_app(), nil
      app:command("/broken", function(c)
        c:ack()
        err = select(2, c:respond { blocks = { { type = "header", text = "x" } } })
      end)
      live_app.start(here, app)
      here:command { command = "/broken" }
      live_app.wait(function() return err end)
      assert.same({ "invalid_blocks", "blocks[1].text" }, { err.code, err.path })
    end)
  end)
end)
