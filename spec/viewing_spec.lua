local Offline = require "support.offline_app"
local live = require "support.live_app"

local MODAL = { type = "modal", title = { type = "plain_text", text = "Modal" } }
local HOME = { type = "home", blocks = { { type = "divider" } } }

describe("views from a context", function()
  local offline, app

  before_each(function()
    offline = Offline.new()
    app = offline.app
  end)

  local function last_call()
    local call = offline.calls[#offline.calls]
    return call and { call.method, call.arguments }
  end

  it("are opened and stacked with the trigger of the click", function()
    app:action("press", function(c)
      c:open(MODAL)
      assert.same({ "views.open", { trigger_id = "3.4", view = MODAL } }, last_call())
      c:push(MODAL)
      assert.same({ "views.push", { trigger_id = "3.4", view = MODAL } }, last_call())
    end)
    offline:click "press"
    assert.not_matches("ERROR", offline:log())
  end)

  it("are opened with the pointer of a function's click", function()
    app:action("press", function(c) c:open(MODAL) end)
    offline:click("press", { trigger_id = require("slack").null,
      interactivity = { interactivity_pointer = "5.6" } })
    assert.same({ "views.open", { interactivity_pointer = "5.6", view = MODAL } }, last_call())
  end)

  it("are changed where the click was in one", function()
    app:action("press", function(c) c:update(MODAL) end)
    offline:deliver {
      type = "block_actions", user = { id = "U1" }, view = { id = "V1", type = "modal" },
      container = { type = "view", view_id = "V1" }, actions = { { action_id = "press" } },
    }
    assert.same({ "views.update", { view_id = "V1", view = MODAL } }, last_call())
  end)

  it("are published to the person of the trigger", function()
    app:event("app_home_opened", function(c) c:publish(HOME) end)
    offline:event { type = "app_home_opened", user = "U1", channel = "D1", tab = "home" }
    assert.same({ "views.publish", { user_id = "U1", view = HOME } }, last_call())
  end)

  it("give an error where nobody is there to see them", function()
    local seen = {}
    app:event("team_rename", function(c)
      for _, name in ipairs { "open", "push", "publish" } do
        table.insert(seen, select(2, c[name](c, HOME)).code)
      end
    end)
    offline:event { type = "team_rename" }
    assert.same({ "no_trigger", "no_trigger", "no_user" }, seen)
    assert.matches("WARN .*c:publish failed: nobody is behind this event", offline:log())
  end)

  it("raise at the caller's line for what is none", function()
    for name, body in pairs {
      open = {}, push = {}, publish = {}, update = { view = { id = "V1" }, message = {},
        container = {} },
    } do
      offline = Offline.new()
      offline.app:action("press", function(c) c[name](c, "text") end)
      body.type, body.actions = "block_actions", { { action_id = "press" } }
      offline:deliver(body)
      assert.matches(("viewing_spec.lua:%%d+: c:%s: a view expected, got string"):format(name),
        offline:log())
    end
  end)

  it("are seen: a home tab, and a modal that a button of it changes", function()
    live.run(function(here, new_app)
      local bot = new_app { transport = "both" }
      local pressed
      bot:event("app_home_opened", function(c)
        c:publish { type = "home", blocks = { { type = "actions", elements = { {
          type = "button", action_id = "more", text = { type = "plain_text", text = "More" },
        } } } } }
      end)
      bot:action("more", function(c)
        c:ack()
        pressed = c:update(HOME)
      end)
      live.start(here, bot)
      here:open_home { user = "ada" }
      local home = live.wait(function() return here:open_home { user = "ada" } end)
      here:click { view = home, action_id = "more", user = "ada" }
      live.wait(function() return pressed end)
      assert.equal("divider", pressed.view.blocks[1].type)
    end)
  end)
end)
