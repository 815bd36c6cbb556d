local json = require "slack.json"
local live = require "support.live_app"
local state = require "slack.sandbox.state"

local function plain(text)
  return { type = "plain_text", text = text }
end

local function option(value)
  return { text = plain(value:upper()), value = value }
end

local function input(action_id, element)
  element.action_id = action_id
  return { type = "input", block_id = action_id .. "_b", label = plain "?", element = element }
end

local function optional(block)
  block.optional = true
  return block
end

local MODAL = {
  type = "modal", callback_id = "form", title = plain "Form", submit = plain "Send",
  blocks = {
    input("name", { type = "plain_text_input", initial_value = "Ada" }),
    optional(input("amount", { type = "number_input", is_decimal_allowed = false })),
    optional(input("branch", { type = "static_select",
      options = { option "main", option "dev" } })),
    input("tags", { type = "checkboxes", options = { option "a", option "b" },
      initial_options = { option "b" } }),
    optional(input("who", { type = "multi_users_select" })),
    optional(input("where", { type = "conversations_select", response_url_enabled = true })),
    { type = "section", block_id = "day_b", text = plain "Day",
      accessory = { type = "datepicker", action_id = "day" } },
  },
}

describe("the state of a view in the local Slack", function()
  it("begins with what its elements begin with, empty ones are null or empty lists", function()
    local values = state.of(MODAL.blocks, {}).values
    assert.same({
      name = { type = "plain_text_input", value = "Ada" },
    }, values.name_b)
    assert.equal(json.null, values.amount_b.amount.value)
    assert.equal(json.null, values.branch_b.branch.selected_option)
    assert.same({ option "b" }, values.tags_b.tags.selected_options)
    assert.equal("[]", json.encode(values.who_b.who.selected_users))
    assert.equal(json.null, values.day_b.day.selected_date)
  end)

  it("holds what is given, options by their values, numbers as Slack's texts", function()
    local values = state.of(MODAL.blocks, {
      amount = 42, branch = "dev", tags = { "a", "b" }, who = { "U1" }, name = json.null,
    }).values
    assert.equal("42", values.amount_b.amount.value)
    assert.same(option "dev", values.branch_b.branch.selected_option)
    assert.same({ option "a", option "b" }, values.tags_b.tags.selected_options)
    assert.same({ "U1" }, values.who_b.who.selected_users)
    assert.equal(json.null, values.name_b.name.value)
  end)

  it("keeps what was there where an element is the same, and takes what a click changes", function()
    local before = state.of(MODAL.blocks, { name = "Grace", amount = 1 })
    local blocks = { input("name", { type = "plain_text_input" }),
      input("amount", { type = "plain_text_input" }) }
    local after = state.of(blocks, {}, before)
    assert.equal("Grace", after.values.name_b.name.value)
    assert.equal(json.null, after.values.amount_b.amount.value)
    state.apply(before, { type = "datepicker", block_id = "day_b", action_id = "day",
      selected_date = "2026-01-31" })
    assert.equal("2026-01-31", before.values.day_b.day.selected_date)
  end)

  it("is what a handler has in c.values, and c.respond answers where a menu says (S160)", function()
    live.run(function(here, new_app)
      local app = new_app { transport = "both" }
      app:command("/form", function(c)
        c:ack()
        c:open(MODAL)
      end)
      local seen, done
      app:action("day", function(c)
        c:ack()
        seen = c.values
      end)
      app:view("form", function(c)
        if not c.values.amount then
          return { errors = { amount = "How many?" } }
        end
        c:ack()
        seen = c.values
        done = c:respond { response_type = "in_channel", text = "Ordered" }
      end)
      live.start(here, app)
      here:command { command = "/form", channel = "general" }
      local view = live.wait(function() return here:view() end)
      here:click { view = view, action_id = "day", fields = { selected_date = "2026-01-31" } }
      live.wait(function() return seen end)
      assert.same({ name = "Ada", tags = { "b" }, who = {}, day = "2026-01-31" }, seen)

      local channel = here.workspace:find_channel "general"
      local refused = here:submit { values = { branch = "dev", where = channel.id } }
      assert.same({ amount_b = "How many?" }, refused.ack.errors)
      assert.equal(json.null, here:submit({ values = { amount = 3 } }).ack)
      live.wait(function() return done end)
      assert.same({
        name = "Ada", amount = 3, branch = "dev", tags = { "b" }, who = {}, where = channel.id,
        day = "2026-01-31",
      }, seen)
      assert(here:wait_message { text = "Ordered", channel = "general" })
    end)
  end)

  it("refuses errors at what is no input, as Slack does", function()
    live.run(function(here, new_app)
      local app = new_app { transport = "socket" }
      app:command("/form", function(c)
        c:ack()
        c:open(MODAL)
      end)
      app:view("form", function(c)
        c.request:ack(json.encode { response_action = "errors", errors = { day_b = "No" } })
        c.request.acked = true
      end)
      live.start(here, app)
      here:command { command = "/form" }
      live.wait(function() return here:view() end)
      local outcome = here:submit {}
      assert.same({ "connection_error", 'the view has no input in a block "day_b"' },
        { outcome.failure, outcome.detail })
    end)
  end)
end)

describe("the state of a message in the local Slack", function()
  it("is what each person has chosen so far, for that one alone", function()
    live.run(function(here, new_app)
      local app, got = new_app(), {}
      app:message("menu", function(c)
        c:say { text = "Which?", blocks = {
          { type = "actions", elements = {
            { type = "static_select", action_id = "branch",
              options = { option "main", option "dev" } },
            { type = "button", action_id = "go", text = plain "Go" },
          } },
        } }
      end)
      app:action("go", function(c) got[#got + 1] = c.values.branch or "none" end)
      app:action("branch", function() end)
      live.start(here, app)
      here:say { text = "menu" }
      local message = assert(here:wait_message { text = "Which?" })
      here:click { message = message, user = "ada", action_id = "branch", value = "dev" }
      for _, name in ipairs { "ada", "grace" } do
        here:click { message = message, user = name, action_id = "go" }
      end
      live.wait(function() return #got == 2 end)
      assert.same({ "dev", "none" }, got)
    end)
  end)
end)
