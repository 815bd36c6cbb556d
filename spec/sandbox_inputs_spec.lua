local live = require "support.live_app"

local function plain(text)
  return { type = "plain_text", text = text }
end

local function option(value)
  return { text = plain(value:upper()), value = value }
end

-- Opens a modal with one input and gives what submits it.
local function with_input(element, fn, is_optional)
  element.action_id = "it"
  live.run(function(here, new_app)
    local app, seen = new_app(), {}
    app:command("/form", function(c)
      c:ack()
      c:open {
        type = "modal", callback_id = "form", title = plain "Form", submit = plain "Send",
        blocks = { { type = "input", block_id = "b", label = plain "?", element = element,
          optional = is_optional } },
      }
    end)
    app:options("it", function() return { option "oslo" } end)
    app:view("form", function(c)
      seen[#seen + 1] = c.values.it or "nothing"
      return { errors = { it = "Again" } }
    end)
    live.start(here, app)
    here:command { command = "/form" }
    local view = live.wait(function() return here:view() end)
    fn(function(value) return here:submit { values = { it = value } } end, seen, here, view)
  end)
end

describe("a modal of the local Slack", function()
  it("is not submitted while a required input is empty, and the app hears nothing", function()
    with_input({ type = "plain_text_input", max_length = 3 }, function(submit, seen)
      assert.error_matches(function() submit(nil) end, "sandbox: it: a value is needed")
      assert.error_matches(function() submit "" end, "it: a value is needed")
      assert.error_matches(function() submit "four" end, "it: 3 characters at most")
      submit "abc"
      assert.same({ "abc" }, seen)
    end)
  end)

  it("may have optional inputs left empty", function()
    with_input({ type = "plain_text_input" }, function(submit, seen)
      submit(nil)
      assert.same({ "nothing" }, seen)
    end, true)
  end)

  it("takes numbers alone in a number_input, within its bounds", function()
    local element = {
      type = "number_input", is_decimal_allowed = false, min_value = "1", max_value = "9",
    }
    with_input(element, function(submit, seen)
      for value, problem in pairs {
        two = 'a number expected, got "two"', ["1.5"] = "a number without decimals expected",
        ["0"] = "1 or more expected", ["10"] = "9 or less expected", ["1e0"] = "a number expected",
      } do
        assert.error_matches(function() submit(value) end, problem, 1, true)
      end
      submit "5"
      assert.same({ 5 }, seen)
    end)
  end)

  it("takes the options of a menu alone", function()
    with_input({ type = "static_select", options = { option "a" } }, function(submit, seen)
      assert.error_matches(function() submit "b" end, 'there is no option "b"', 1, true)
      assert.error_matches(function() submit(7) end, 'there is no option "7"', 1, true)
      assert.error_matches(function() submit(true) end, 'there is no option "true"', 1, true)
      submit "a"
      assert.same({ "a" }, seen)
    end)
  end)

  it("takes what the app has offered in a menu of the app's", function()
    with_input({ type = "external_select" }, function(submit, seen, here, view)
      assert.error_matches(function() submit "oslo" end, 'the app has not offered "oslo"', 1, true)
      here:suggest { view = view, action_id = "it", value = "o" }
      assert.error_matches(function() submit "Rome" end, 'the app has not offered "Rome"', 1, true)
      submit "oslo"
      assert.same({ "oslo" }, seen)
    end)
  end)

  for kind, values in pairs {
    datepicker = { "2026-02-28", "2026-02-31", "tomorrow" },
    timepicker = { "09:30", "9:30", "24:00" },
    email_text_input = { "ada@example.com", "ada", "a b@c" },
    url_text_input = { "https://example.com", "example.com", "http://a b" },
    datetimepicker = { 1790000000, "soon", 5 },
  } do
    it("takes what has the form of a " .. kind .. " alone", function()
      with_input({ type = kind }, function(submit, seen)
        assert.error_matches(function() submit(values[2]) end, "expected, got")
        assert.error_matches(function() submit(values[3]) end, "expected, got")
        submit(values[1])
        assert.same({ values[1] }, seen)
      end)
    end)
  end
end)
