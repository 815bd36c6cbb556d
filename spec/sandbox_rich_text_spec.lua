local json = require "slack.json"
local local_api = require "support.local_api"
local rich_text = require "slack.sandbox.rich_text"

describe("the rich text of what people type", function()
  -- The parts, without the ids that are new each time.
  local function parts(text)
    local blocks = rich_text.blocks(text)
    assert.same({ 1, "rich_text", "string" },
      { #blocks, blocks[1].type, type(blocks[1].block_id) })
    return json.decode(json.encode(blocks[1].elements))
  end

  local function section(text)
    local list = parts(text)
    assert.same({ 1, "rich_text_section" }, { #list, list[1].type })
    return list[1].elements
  end

  it("has plain words as they are shown", function()
    assert.same({ { type = "text", text = "a & b <c>\nnext" } },
      section "a &amp; b &lt;c&gt;\nnext")
  end)

  it("has mentions, links and emoji as elements of their own", function()
    assert.same({
      { type = "user", user_id = "U1" },
      { type = "text", text = " in " },
      { type = "channel", channel_id = "C1" },
      { type = "text", text = " and " },
      { type = "usergroup", usergroup_id = "S1" },
      { type = "text", text = ", " },
      { type = "broadcast", range = "here" },
      { type = "text", text = ": " },
      { type = "link", url = "https://a.example/?a=1&b=2", text = "this" },
      { type = "text", text = " " },
      { type = "link", url = "https://b.example/x_y" },
      { type = "text", text = ". " },
      { type = "emoji", name = "+1" },
      { type = "emoji", name = "wave", skin_tone = 3 },
    }, section("<@U1> in <#C1|general> and <!subteam^S1>, <!here>: "
      .. "<https://a.example/?a=1&amp;b=2|this> https://b.example/x_y. :+1::wave::skin-tone-3:"))
  end)

  it("has styles, one in another", function()
    assert.same({
      { type = "text", text = "bold ", style = { bold = true } },
      { type = "text", text = "both", style = { bold = true, italic = true } },
      { type = "user", user_id = "U1", style = { bold = true } },
      { type = "text", text = " " },
      { type = "text", text = "gone", style = { strike = true } },
      { type = "text", text = " " },
      { type = "text", text = "*as it is* <@U1>", style = { code = true } },
    }, section "*bold _both_<@U1>* ~gone~ `*as it is* &lt;@U1&gt;`")
  end)

  for _, text in ipairs {
    "2*3*4", "a * b * c", "snake_case_name", "*not\nhere*", "10:30:15", "**", "*", "`", "_ _",
    "<nothing>", ":", "h", ("*"):rep(50), "x:y:z",
  } do
    it(("leaves %q plain"):format(text), function()
      assert.same({ { type = "text", text = text } }, section(text))
    end)
  end

  it("has quotes and code as parts", function()
    assert.same({
      { type = "rich_text_section", elements = { { type = "text", text = "a" } } },
      { type = "rich_text_quote", elements = { { type = "text", text = "b\nc" } } },
      { type = "rich_text_section", elements = { { type = "text", text = "d" } } },
      {
        type = "rich_text_preformatted", border = 0,
        elements = { { type = "text", text = "x *y* <z>\n  w" } },
      },
      { type = "rich_text_section", elements = { { type = "text", text = "e" } } },
    }, parts "a\n&gt; b\n&gt;c\nd\n```\nx *y* &lt;z&gt;\n  w\n```\ne")
  end)

  it("is none where nothing is written", function()
    assert.same({ nil, nil }, { rich_text.blocks "", rich_text.blocks " \n" })
  end)

  it("comes with messages, follows edits, and is not what a program gives itself", function()
    local api = local_api.new()
    local here <close> = api.here
    local said = here:say { text = "hi *you*" }
    assert.same({ type = "text", text = "you", style = { bold = true } },
      api.events[1].blocks[1].elements[1].elements[2])
    here:edit { message = said, text = "hello" }
    assert.same({ { type = "text", text = "hello" } },
      api.events[2].message.blocks[1].elements[1].elements)
    assert.equal("hello", here:messages()[1].blocks[1].elements[1].elements[1].text)
    here:edit { message = said, text = "" }
    assert.is_nil(here:messages()[1].blocks)
    local own = { { type = "divider" } }
    assert.equal("divider", here:say({ text = "x", blocks = own }).blocks[1].type)
    local shared = here:share { filename = "a.txt", content = "x", text = "see" }
    assert.equal("rich_text", shared.blocks[1].type)
    assert.is_nil(here:share({ filename = "a.txt", content = "x" }).blocks)
  end)

  it("gives what a bot shows no action ids that it has not", function()
    local api = local_api.new()
    local here <close> = api.here
    api:ok("chat.postMessage", {
      channel = api:id "general", text = "x",
      blocks = {
        { type = "rich_text", elements = {
          { type = "rich_text_section", elements = { { type = "text", text = "x" } } },
        } },
        { type = "context", elements = { { type = "mrkdwn", text = "x" } } },
      },
    })
    local blocks = here:messages()[1].blocks
    assert.same({ nil, nil },
      { blocks[1].elements[1].action_id, blocks[2].elements[1].action_id })
  end)

  it("takes any text", function()
    for _, text in ipairs {
      ("*a "):rep(2000), ("*_"):rep(1000) .. "x" .. ("_*"):rep(1000), ("`"):rep(999), "\xFF*\xFE*",
      ("<"):rep(999), (":a"):rep(999), "```", "``````", "```\n\n```", "> ", "&gt;",
    } do
      assert.equal("rich_text", rich_text.blocks(text)[1].type)
    end
  end)

  it("takes 40,000 characters in a moment", function()
    for _, text in ipairs {
      "http://a" .. ("."):rep(40000) .. "b", ":" .. ("a"):rep(40000), (":a"):rep(20000),
      ("*a "):rep(13000),
    } do
      local began = os.clock()
      rich_text.blocks(text)
      assert.is_true(os.clock() - began < 1, text:sub(1, 10))
    end
  end)
end)
