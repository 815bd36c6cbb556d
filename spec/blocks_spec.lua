local blocks = require "slack.blocks"
local json = require "slack.json"

-- The message that a mistake raises, without its place, which must be this file.
local function misuse(fn)
  local ok, err = pcall(fn)
  assert.is_false(ok)
  local place, text = err:match "^(.-): (blocks%..*)$"
  assert.matches("blocks_spec%.lua:%d+$", place or err)
  return text
end

local function mrkdwn(text)
  return { type = "mrkdwn", text = text }
end

local function plain(text)
  return { type = "plain_text", text = text }
end

local function option(text, value)
  return { text = plain(text), value = value or text }
end

describe("blocks", function()
  describe("a constructor", function()
    it("makes text objects of strings, mrkdwn or plain as the place demands", function()
      assert.same({ type = "section", text = mrkdwn "*hi*" }, blocks.section "*hi*")
      assert.same({ type = "header", text = plain "hi" }, blocks.header "hi")
      assert.same({ type = "section", fields = { mrkdwn "a", plain "b" } },
        blocks.section { fields = { "a", blocks.plain_text "b" } })
      assert.same({ type = "section", text = plain "12" },
        blocks.section(blocks.plain_text(12)))
    end)

    it("takes its main values in order and then a table, or the table alone", function()
      local expected = {
        type = "button", text = plain "Go", action_id = "go", value = "1", style = "primary",
      }
      assert.same(expected, blocks.button("Go", "go", 1, { style = "primary" }))
      assert.same(expected, blocks.button("Go", { action_id = "go", value = 1, style = "primary" }))
      assert.same(expected, blocks.button { "Go", "go", 1, style = "primary" })
      assert.same(expected,
        blocks.button { text = "Go", action_id = "go", value = "1", style = "primary" })
      assert.same(expected, blocks.button(expected))
    end)

    it("takes items without a name as those of the list that the thing holds", function()
      local go, stop = blocks.button("Go", "go"), blocks.button("Stop", "stop")
      local expected = { type = "actions", block_id = "b", elements = { go, stop } }
      assert.same(expected, blocks.actions { block_id = "b", go, stop })
      assert.same(expected, blocks.actions(go, stop, { block_id = "b" }))
      assert.same(expected, blocks.actions({ go, stop }, { block_id = "b" }))
      assert.same(expected, blocks.actions { block_id = "b", elements = { go, stop } })
      assert.same({ type = "context", elements = { mrkdwn "a", plain "b" } },
        blocks.context("a", blocks.plain_text "b"))
    end)

    it("takes a thing with a type as a main value, wherever it is given", function()
      local image = blocks.image("https://example.com/1.png", "one")
      assert.same({ type = "section", text = mrkdwn "a", accessory = image },
        blocks.section("a", image))
      assert.same({
        type = "input", label = plain "Name", optional = true,
        element = { type = "plain_text_input", action_id = "name" },
      }, blocks.input("Name", blocks.plain_text_input "name", { optional = true }))
    end)

    it("makes options of strings and pairs, and finds the initial one by its value", function()
      assert.same({
        type = "static_select", action_id = "size", placeholder = plain "Size",
        options = {
          option "S",
          { text = plain "Medium", value = "2", description = plain "as usual" },
        },
        initial_option = { text = plain "Medium", value = "2", description = plain "as usual" },
      }, blocks.static_select("size", {
        "S", { "Medium", 2, "as usual" }, placeholder = "Size", initial_option = 2,
      }))
      assert.same({
        type = "checkboxes", action_id = "c", options = { option "a", option "b" },
        initial_options = { option "b" },
      }, blocks.checkboxes("c", { "a", "b", initial_options = { "b" } }))
      assert.same({
        type = "multi_static_select", action_id = "m",
        option_groups = { { label = plain "G", options = { option "a" } } },
        initial_options = { option "a" },
      }, blocks.multi_static_select("m", {
        option_groups = { blocks.option_group("G", { "a" }) }, initial_options = { "a" },
      }))
      assert.same({ type = "external_select", action_id = "e", initial_option = option "x" },
        blocks.external_select("e", { initial_option = "x" }))
    end)

    it("fills in what a dialog needs when only its question is given", function()
      assert.same({
        title = plain "Are you sure?", text = plain "Really?", confirm = plain "Yes",
        deny = plain "No",
      }, blocks.button("Go", { confirm = "Really?" }).confirm)
      assert.same(
        { title = plain "T", text = mrkdwn "*x*", confirm = plain "Do", deny = plain "No" },
        blocks.confirm(blocks.mrkdwn "*x*", { title = "T", confirm = "Do" }))
    end)

    it("writes numbers of a number input as the strings that Slack wants", function()
      assert.same({
        type = "number_input", action_id = "n", is_decimal_allowed = false, min_value = "0",
        max_value = "9.5", initial_value = "1",
      }, blocks.number_input("n", { min_value = 0, max_value = 9.5, initial_value = 1.0 }))
    end)

    it("builds trees of rich text", function()
      local rich = blocks.rich
      local made = blocks.rich_text {
        rich.section("Hi ", rich.user "U1", rich.text("!", { style = { "bold", "code" } })),
        rich.list { style = "ordered", "one", rich.section(rich.link("https://a.b", "two")) },
        rich.quote "q",
        rich.preformatted("x = 1", { border = 0 }),
        "plain",
      }
      local function section(...)
        return { type = "rich_text_section", elements = { ... } }
      end
      local function text(words, style)
        return { type = "text", text = words, style = style }
      end
      assert.same({ type = "rich_text", elements = {
        section(text "Hi ", { type = "user", user_id = "U1" },
          text("!", { bold = true, code = true })),
        { type = "rich_text_list", style = "ordered", elements = {
          section(text "one"), section { type = "link", url = "https://a.b", text = "two" },
        } },
        { type = "rich_text_quote", elements = { text "q" } },
        { type = "rich_text_preformatted", border = 0, elements = { text "x = 1" } },
        section(text "plain"),
      } }, made)
    end)

    it("builds tables of strings", function()
      assert.same({
        type = "table", rows = { { { type = "raw_text", text = "a" } }, {
          { type = "rich_text", elements = { { type = "rich_text_section", elements = {
            { type = "emoji", name = "wave" },
          } } } },
        } },
        column_settings = { { align = "right" } },
      }, blocks.table {
        { "a" }, { blocks.rich_text { blocks.rich.section(blocks.rich.emoji "wave") } },
        column_settings = { { align = "right" } },
      })
    end)

    it("builds views and messages with strings as sections", function()
      assert.same({
        type = "modal", callback_id = "c", title = plain "T", submit = plain "Go",
        blocks = { { type = "section", text = mrkdwn "a" }, { type = "divider" } },
      }, blocks.modal { title = "T", submit = "Go", callback_id = "c", "a", blocks.divider() })
      assert.same({ type = "home", blocks = { { type = "section", text = mrkdwn "a" } } },
        blocks.home { "a" })
      assert.same({ text = "t", thread_ts = "1.2", blocks = { { type = "divider" } } },
        blocks.message("t", { blocks.divider(), thread_ts = "1.2" }))
    end)

    it("makes plain tables that have the same JSON, with empty lists, null and false", function()
      local view = blocks.home { future = { json.list(), json.null, false, {} } }
      local text = json.encode(view)
      assert.same(json.decode(text), json.decode(json.encode(json.decode(text))))
      assert.truthy(text:find('"blocks":[]', 1, true))
      assert.truthy(text:find('[[],null,false,{}]', 1, true))
      assert.is_nil(getmetatable(view))
    end)

    it("knows also what it holds when that is written as plain tables", function()
      assert.same({ type = "section", text = mrkdwn "a", accessory = {
        type = "button", text = plain "Go", action_id = "go",
      } }, blocks.section { "a", accessory = { type = "button", text = "Go", action_id = "go" } })
    end)

    it("keeps fields and types that are not known (S257)", function()
      assert.same({ x = { 1 } }, blocks.section("a", { new_field = { x = { 1 } } }).new_field)
      assert.same({ type = "hologram", depth = 3 },
        blocks.actions { { type = "hologram", depth = 3 } }.elements[1])
    end)

    it("leaves the caller's tables as they are (S260)", function()
      local options = { "a", { "b", 2 } }
      local style = { "bold" }
      local given = {
        title = "T", "text", { type = "section", text = "s" },
        { type = "actions", elements = {
          { type = "static_select", action_id = "s", options = options, initial_option = "a" },
        } },
        { type = "rich_text", elements = { { type = "rich_text_section", elements = {
          { type = "text", text = "x", style = style },
        } } } },
        more = { deep = { 1 } },
      }
      local before = json.encode { given[1], given[2], given[3], given[4], given.more, given.title }
      local view = blocks.modal(given)
      view.blocks[3].elements[1].options[1].value = "changed"
      view.more.deep[1] = 2
      view.blocks[2].text.text = "changed"
      assert.same(json.decode(before), { given[1], given[2], given[3], given[4], given.more, "T" })
      assert.same({ "a", { "b", 2 } }, options)
      assert.same({ "bold" }, style)
    end)
  end)

  -- One of each kind, as Slack takes it, by constructors alone.
  local function everything()
    local rich = blocks.rich
    return {
      blocks.header "h", blocks.divider(), blocks.markdown "# m",
      blocks.file "ext", blocks.image { slack_file = "F1", alt_text = "a", title = "t" },
      blocks.video("https://v", "t", { thumbnail_url = "https://t", alt_text = "a" }),
      blocks.section { "s", expand = true, accessory = blocks.overflow("o", { "a", "b" }) },
      blocks.context { blocks.image("https://i", "i"), "c" },
      blocks.actions {
        blocks.button("b", "b"), blocks.radio_buttons("r", { "a", initial_option = "a" }),
        blocks.datepicker("d", { initial_date = "2026-01-31" }), blocks.timepicker "t",
        blocks.datetimepicker("dt", { initial_date_time = 1767610800 }), blocks.users_select "u",
        blocks.channels_select "c", blocks.multi_users_select "mu",
        blocks.multi_channels_select "mc", blocks.multi_external_select "me",
        blocks.conversations_select("co", { filter = { "im", exclude_bot_users = true } }),
        blocks.multi_conversations_select("mco", { filter = "public" }),
        blocks.workflow_button("w", { workflow = { { "https://w", customizable_input_parameters = {
          { "n", "v" },
        } } } }),
      },
      blocks.input("n", blocks.email_text_input "e"), blocks.input("n", blocks.url_text_input "u"),
      blocks.input("n", blocks.rich_text_input "r"),
      blocks.input("n", blocks.plain_text_input {
        "p", multiline = true, dispatch_action_config = "on_enter_pressed",
      }, { dispatch_action = true, hint = "h" }),
      blocks.context_actions {
        blocks.feedback_buttons("f", {
          positive_button = { "Good", 1 }, negative_button = { "Bad", 0 },
        }),
        blocks.icon_button("Delete", "del", { icon = "trash" }),
      },
      blocks.rich_text { rich.section(rich.usergroup "S1", rich.channel "C1", rich.broadcast "here",
        rich.date(1767610800, "{date}", { fallback = "then" }), rich.color "#f00", rich.team "T1",
        rich.emoji "wave") },
      blocks.alert("a", { level = "info" }), blocks.carousel { blocks.card("t", { body = "b" }) },
      blocks.plan("p", { blocks.task_card("1", "t", { status = "complete" }) }),
      blocks.container("c", { "s", blocks.divider() }), blocks.data_table { rows = { 1 } },
    }
  end

  it("come through JSON as they are, and through their own constructors", function()
    for _, block in ipairs(everything()) do
      assert.same(block, json.decode(json.encode(block)))
      assert.same(block, blocks[block.type](block))
      for _, element in ipairs(block.elements or { block.element or block.accessory }) do
        assert.same(element, blocks[element.type](element))
      end
    end
    assert.is_true(blocks.check(everything(), { strict = true }))
  end)

  it("keep empty lists as lists", function()
    assert.matches('"filetypes":[]', json.encode(blocks.file_input("f", { filetypes = {} })), 1,
      true)
  end)

  it("take numbers for text, also in the cells of tables", function()
    local rows = blocks.table { { "Open", 3 }, { "Done", 0.5 } }.rows
    assert.same({ type = "raw_text", text = "3" }, rows[1][2])
    assert.same({ type = "raw_text", text = "0.5" }, rows[2][2])
  end)

  it("have a constructor for every rule", function()
    for _, category in ipairs { "blocks", "elements", "views" } do
      for name in pairs(require "slack.blocks.rules"[category]) do
        assert.is_function(blocks[name])
      end
    end
  end)

  describe("misuse", function()
    for expected, fn in pairs {
      ["blocks.section: text or fields is required"] = function() blocks.section {} end,
      ["blocks.button: text.text: at most 75 characters, got 76"] = function()
        blocks.button(("x"):rep(76))
      end,
      ["blocks.actions: elements[1]: a table (element) expected, got \"x\""] = function()
        blocks.actions { "x" }
      end,
      ["blocks.static_select: options is given twice"] = function()
        blocks.static_select("a", { "x", options = { "y" } })
      end,
      ["blocks.divider: at most 0 values and a table expected, got 1"] = function()
        blocks.divider "x"
      end,
      ["blocks.header: at most 1 value and a table expected, got 2"] = function()
        blocks.header("x", "y")
      end,
      ["blocks.section: names after text, accessory expected, item 3 has none"] = function()
        blocks.section { "x", blocks.button "y", "z" }
      end,
      ["blocks.modal: blocks[1].accessory.options[101]: at most 100 options, got 101"] = function()
        local options = {}
        for i = 1, 101 do
          options[i] = "option " .. i
        end
        local menu = { type = "static_select", options = options }
        blocks.modal { title = "T", { type = "section", text = "x", accessory = menu } }
      end,
      ["blocks.modal: submit: it is required in a modal with input blocks"] = function()
        blocks.modal { title = "T", blocks.input("L", blocks.plain_text_input "x") }
      end,
      ["blocks.section: nested more than 50 deep; does a table contain itself?"] = function()
        local ring = {}
        ring.ring = ring
        blocks.section { "x", more = ring }
      end,
      ["blocks.buton: there is no such function; did you mean \"button\"?; for a type that is new, "
        .. "write a plain table"] = function() blocks.buton "x" end,
      ["blocks.section: text is given twice"] = function()
        blocks.section("x", { text = "y" })
      end,
      ["blocks.file_input: filetypes: a list of items expected, got a table"] = function()
        blocks.file_input("f", { filetypes = { pdf = true } })
      end,
      ["blocks.rich.link: url: it is required"] = function() blocks.rich.link {} end,
      ["blocks.rich.sektion: there is no such function; did you mean \"section\"?; for a type that "
        .. "is new, write a plain table"] = function() blocks.rich.sektion "x" end,
      ["blocks.section: acessory: no such field of section is known; did you mean \"accessory\"?"]
        = function() blocks.section("x", { acessory = blocks.button "y" }) end,
      ["blocks.header: call it with a dot, not with a colon"] = function() blocks:header "x" end,
      ["blocks.check: unknown option \"surfce\"; did you mean \"surface\"?"] = function()
        blocks.check({}, { surfce = "modal" })
      end,
      ["blocks.check: option \"surface\": \"message\", \"modal\" or \"home\" expected; did you "
        .. "mean \"modal\"?"] = function()
        blocks.check({}, { surface = "modl" })
      end,
      ["blocks.check: a table of options expected, got string"] = function()
        blocks.check({}, "modal")
      end,
    } do
      it("raises at the caller's line: " .. expected, function()
        assert.equal(expected, misuse(fn))
      end)
    end
  end)

  describe("options", function()
    local function texts(answer)
      local list = {}
      for i, item in ipairs(answer.options) do
        list[i] = item.text.text
      end
      return list
    end

    it("answers a menu with the options that match what was typed", function()
      local all = { "Apple", { "Banana", 2 }, { text = "Mango", value = "m" } }
      assert.same({ "Banana", "Mango" }, texts(blocks.options(all, "AN")))
      assert.same({ "Apple", "Banana", "Mango" }, texts(blocks.options(all)))
      assert.same({ option("Banana", "2") }, blocks.options(all, "banana").options)
      assert.equal('{"options":[]}', json.encode(blocks.options(all, "%a")))
    end)

    it("answers with groups that have a match", function()
      local answer = blocks.options({
        blocks.option_group("Fruit", { "Apple", "Pear" }), blocks.option_group("Nuts", { "Hazel" }),
      }, "pear")
      assert.same({ option_groups = { { label = plain "Fruit", options = { option "Pear" } } } },
        answer)
    end)

    it("gives no more than Slack takes, of texts that are not longer", function()
      local all = {}
      for i = 1, 150 do
        all[i] = "é" .. i
      end
      assert.equal(100, #blocks.options(all).options)
      local long = blocks.options({ { ("é"):rep(76), "v" } }).options[1]
      assert.equal(("é"):rep(74) .. "…", long.text.text)
      assert.equal("v", long.value)
    end)

    it("raises at the caller's line on what is no list", function()
      assert.equal("blocks.options: a list of options expected, got nil",
        misuse(function() blocks.options() end))
      assert.equal("blocks.options: what was typed expected, got number",
        misuse(function() blocks.options({}, 1) end))
    end)
  end)
end)
