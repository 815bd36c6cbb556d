-- The test kit: what people press, choose, fill in and open.
local failure_of = require "support.failure_of"
local slack = require "slack"
local testing = require "slack.testing"

local blocks = slack.blocks

describe("slack.testing", function()
  local t

  before_each(function() t = testing.new {} end)
  after_each(function() t:close() end)

  describe("a conversation", function()
    before_each(function()
      t.app:message("deploy", function(c)
        local branch = c:ask "Which branch?"
        if not branch then
          return c:say "Nobody said which."
        end
        local answer, who = c:choose {
          text = "Deploy " .. branch.text .. "?", choices = { "Yes", "No" }, from = "anyone",
        }
        c:say(("%s by %s"):format(answer, who.user_id))
      end)
    end)

    it("is tested in straight lines", function()
      local ada, grace = t:user "ada", t:user "grace"
      assert.equal("Which branch?", ada:message "deploy".said[1].text)
      assert.equal("Deploy main?", ada:message "main".said[1].text)
      grace:click "Yes":expect_said "Yes by UGRACE"
    end)

    it("times out when time passes", function()
      t:message "deploy"
      t:advance "9m":expect_silence()
      assert.equal("Nobody said which.", t:advance "1m".said[1].text)
    end)

    it("says what there is when nothing is called so", function()
      t:message "deploy"
      t:message "main"
      assert.matches('t:click: nothing to press is called "Maybe": there are "Yes", "No"',
        failure_of(function() t:click "Maybe" end))
    end)
  end)

  describe("a button", function()
    it("is the one in the newest message, or in the one that is named", function()
      t.app:message("ask", function(c)
        c:say { text = "Go?", blocks = { blocks.actions { blocks.button("Go", "go") } } }
      end)
      local clicked = {}
      t.app:action("go", function(c) table.insert(clicked, c.message_ts) end)
      local first, second = t:message "ask".said[1], t:message "ask".said[1]
      assert.is_true(t:click "Go".acked)
      t:click("go", { message = first })
      assert.same({ second.ts, first.ts }, clicked)
    end)

    it("is told from another with the same action_id by its words", function()
      t.app:message("vote", function(c)
        c:say { text = "Vote", blocks = {
          blocks.actions { blocks.button("Tea", "vote", "tea") },
          blocks.actions { blocks.button("Coffee", "vote", "coffee") },
        } }
      end)
      t.app:action("vote", function(c) c:say(c.action.value) end)
      t:message "vote"
      assert.equal("coffee", t:click "Coffee".said[1].text)
    end)

    it("may stand in an attachment", function()
      t.app:message("ask", function(c)
        c:say { text = "Go?", attachments = { { blocks = {
          blocks.actions { blocks.button("Go", "go") },
        } } } }
      end)
      t.app:action("go", function(c) c:say "Gone." end)
      t:message "ask"
      assert.equal("Gone.", t:click "Go".said[1].text)
    end)

    it("may be one of a pair for feedback", function()
      t.app:message("answer", function(c)
        c:say { text = "42", blocks = { blocks.context_actions { blocks.feedback_buttons("rate", {
          positive_button = { text = "Good", value = "up" },
          negative_button = { text = "Bad", value = "down" },
        }) } } }
      end)
      t.app:action("rate", function(c) c:say(c.action.value) end)
      t:message "answer"
      assert.equal("down", t:click "Bad".said[1].text)
    end)

    it("that no listener takes is told in the result", function()
      t.app:message("ask", function(c)
        c:say { text = "Go?", blocks = { blocks.actions { blocks.button("Go", "go") } } }
      end)
      t:message "ask"
      assert.is_true(t:click "Go".unmatched)
      assert.matches("no listener takes it", tostring(t:click "Go"))
    end)

    it("of a message that only one person sees can be replaced", function()
      t.app:command("/ask", function(c)
        c:ack { text = "Sure?", blocks = { blocks.actions { blocks.button("Sure", "sure") } } }
      end)
      t.app:action("sure", function(c)
        c:ack()
        c:respond { text = "Done.", replace_original = true }
      end)
      local asked = t:command "/ask".said[1]
      local r = t:click "Sure"
      assert.same({ "Done.", asked.ts }, { r.said[1].text, r.said[1].ts })
      assert.is_true(r.said[1].is_update)
      assert.equal("ada", r.said[1].ephemeral_to)
    end)
  end)

  describe("a menu", function()
    before_each(function()
      t.app:message("menus", function(c)
        c:say { text = "Menus", blocks = { blocks.actions {
          blocks.static_select("color", {
            { "Red", "r" }, { "Blue", "b" }, placeholder = "A color",
          }),
          blocks.users_select "who",
          blocks.multi_static_select("many", { { "One", "1" }, { "Two", "2" } }),
          blocks.overflow("more", { { "Delete it", "delete" }, { "Keep it", "keep" } }),
          blocks.datepicker "day",
          blocks.external_select("city", { min_query_length = 0 }),
        } } }
      end)
      t:message "menus"
    end)

    it("takes values, words and names", function()
      local chosen = {}
      t.app:action(slack.pattern ".", function(c)
        local action = c.action
        local many = action.selected_options
        table.insert(chosen, action.selected_user or action.selected_date
          or many and many[1].value .. many[2].value or action.selected_option.value)
      end)
      t:choose("color", "b")
      t:choose("A color", "Red")
      t:choose("who", "grace")
      t:choose("many", { "One", "2" })
      t:choose("more", "Delete it")
      t:choose("day", "2026-02-03")
      assert.same({ "b", "r", "UGRACE", "12", "delete", "2026-02-03" }, chosen)
    end)

    it("has options of the app's", function()
      t.app:options("city", function(c)
        c:ack { blocks.option("Paris " .. c.options.value, "paris"), blocks.option("Rome", "rome") }
      end)
      t.app:action("city", function(c) c:say(c.action.selected_option.value) end)
      local r = t:options("city", "ro")
      assert.same({ "Paris ro", "Rome" }, { r.options[1].text.text, r.options[2].text.text })
      assert.equal("rome", t:choose("city", "Rome").said[1].text)
    end)

    it("does not take what Slack's client does not offer", function()
      assert.matches('t:choose: "color":', failure_of(function() t:choose("color", "green") end))
      assert.matches('t:click: "color" is a static_select: t:choose%("color", …%)',
        failure_of(function() t:click "color" end))
    end)
  end)

  describe("a modal", function()
    before_each(function()
      t.app:command("/order", function(c)
        local form = assert(c:form(blocks.modal {
          title = "Order", submit = "Send",
          blocks.input("How many?", blocks.number_input("count", { is_decimal_allowed = false })),
          blocks.input("For whom?", blocks.users_select "who", { optional = true }),
        }))
        for submission in form:submissions() do
          local values = submission.values
          if values.count < 1 then
            submission:reject { count = "At least one." }
          else
            c:say(("Ordered: %d for %s"):format(values.count, values.who))
          end
        end
        if form.why == "closed" then
          c:say "Then not."
        end
      end)
    end)

    it("is filled in by action_id or label, and refused field by field", function()
      local r = t:command "/order"
      assert.equal("Order", r.view.title.text)
      assert.same({ count = "At least one." }, t:submit { count = "0" }.field_errors)
      local sent = t:submit { ["How many?"] = 3, who = "grace" }
      assert.equal("Ordered: 3 for UGRACE", sent.said[1].text)
      assert.is_nil(sent.view)
    end)

    it("is closed", function()
      t:command "/order"
      assert.equal("Then not.", t:close_view().said[1].text)
    end)

    it("is each person's own", function()
      t:user "grace":command "/order"
      assert.matches("t:submit: no modal is open for ada",
        failure_of(function() t:submit { count = "1" } end))
      assert.equal("Ordered: 1 for nil", t:submit({ count = "1" }, { user = "grace" }).said[1].text)
    end)

    it("is not sent with what Slack's client does not let through", function()
      t:command "/order"
      assert.matches("count", failure_of(function() t:submit {} end))
      assert.matches("count", failure_of(function() t:submit { count = "many" } end))
      assert.matches('the modal has no field "cuont": it has count, who',
        failure_of(function() t:submit { cuont = "1" } end))
    end)

    it("leads on to another one", function()
      t.app:shortcut("steps", function(c)
        c:open(blocks.modal { title = "First", submit = "Next", callback_id = "first",
          blocks.input("Name", blocks.plain_text_input "name") })
      end)
      t.app:view("first", function(c)
        c:ack { response_action = "push", view = blocks.modal { title = "Second" } }
      end)
      assert.equal("First", t:shortcut "steps".view.title.text)
      assert.equal("Second", t:submit { name = "x" }.view.title.text)
      assert.equal("First", t:close_view().view.title.text)
    end)
  end)

  describe("a shortcut", function()
    it("is of the workspace or of a message", function()
      t.app:shortcut("quote", function(c)
        c:ack()
        c:say("> " .. c.message.text)
      end)
      local said = t:message "wise words".message
      assert.equal("> wise words", t:shortcut("quote", { message = said }).said[1].text)
    end)
  end)

  describe("the home tab", function()
    it("is what the app publishes", function()
      t.app:event("app_home_opened", function(c)
        c.client.views.publish { user_id = c.user_id, view = blocks.home {
          blocks.actions { blocks.button("Refresh", "refresh") },
        } }
      end)
      t.app:action("refresh", function(c)
        c.client.chat.postMessage { channel = c.user_id, text = "Fresh." }
      end)
      assert.equal("home", t:open_home().home.type)
      assert.equal("@ada", t:click "Refresh".said[1].channel_name)
    end)
  end)

  describe("an assistant", function()
    it("talks in a thread with status, title and prompts", function()
      t.app:assistant {
        thread_started = function(c)
          c:say "What would you like?"
          c:prompts { { "Weather", "What is the weather?" } }
        end,
        user_message = function(c)
          c:title(c.message.text)
          c:say("You said " .. c.message.text)
        end,
      }
      local r = t:open_assistant { looking_at = "random" }
      assert.equal("What would you like?", r.said[1].text)
      assert.equal("Weather", r.thread.prompts[1].title)
      assert.equal("You said hi", t:message("hi", { thread = r.thread }).said[1].text)
      assert.equal("hi", r.thread.title)
    end)
  end)

  describe("a step of a workflow", function()
    it("is completed with outputs, or fails", function()
      t.app:func("reverse", function(c)
        if c.inputs.text == "" then
          return c:fail "nothing to reverse"
        end
        c:complete { reversed = c.inputs.text:reverse() }
      end)
      local r = t:func("reverse", { text = "moon" }, { outputs = { reversed = "string" } })
      assert.same({ "completed", "noom" }, { r.step.state, r.step.outputs.reversed })
      local failed = t:func("reverse", { text = "" }).step
      assert.same({ "failed", "nothing to reverse" }, { failed.state, failed.error })
    end)
  end)

  describe("somebody new", function()
    it("joins a channel", function()
      t.app:event("member_joined_channel", function(c)
        c:say("Welcome <@" .. c.event.user .. ">")
      end)
      assert.equal("Welcome <@ULINUS>", t:user "linus":join "random".said[1].text)
    end)
  end)
end)
