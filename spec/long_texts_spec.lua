-- What people type may be long, and of whatever characters: reading it takes time in
-- proportion to its length. With anything worse this spec would take minutes: a second for 10,000
-- characters is a minute for these, and hours for a million.

local command_types = require "slack.command_types"
local command_words = require "slack.command_words"
local mention = require "slack.mention"
local mrkdwn = require "slack.mrkdwn"
local Offline = require "support.offline_app"

local LENGTH <const> = 60000

local function long(text)
  return text:rep(LENGTH // #text)
end

local TEXTS = {
  blanks = long " " .. "x", tabs = "a" .. long "\t " .. "b", dots = long "." .. "x", as = long "a",
  digits = long "1", less = long "<", quotes = long '"', curly = long "“", stars = long "*",
  styled = long "*a* ", half_styled = long "*a", backquotes = long "`", blocks = long "```a",
  link = "<https://" .. long "a", mail = "<mailto:" .. long "a", address = "a@" .. long "a." .. "@",
  person = "<@U" .. long "1", channel = "<#C" .. long "1", group = "<!subteam^S" .. long "1",
  mentions = long "<@U1> ", entities = long "&am", bytes = long "\192", lines = long "*a\n",
  dates = "<!date^" .. long "^", span = long "1" .. "h", spans = long "1h", backslashes = long "\\",
}

describe("a long text", function()
  for name, text in pairs(TEXTS) do
    it(("of %s is read in one pass, as words and as each type"):format(name), function()
      assert.is_table(command_words.split(text))
      assert.is_string(command_words.quote(text))
      for _, kind in pairs(command_types.TYPES) do
        kind.read(text, "/x")
      end
    end)

    it(("of %s is mrkdwn, plain text or a label in one pass"):format(name), function()
      assert.is_table(mrkdwn.mentions(text))
      for _, make in ipairs { "plain", "escape", "bold", "italic", "code", "code_block" } do
        assert.is_string(mrkdwn[make](text))
      end
      assert.is_string(mrkdwn.link("https://example.com", text))
      mention.strip("<@U05BOTUSR01" .. text, "U05BOTUSR01")
    end)
  end

  it("behind a command finds its route, or is answered", function()
    local offline = Offline.new()
    local rest
    offline.app:command("/x", {
      ["to <who:user> [span:duration]"] = function() end,
      ["see <link:link> [mail:email]"] = function() end,
      ["say <what...>"] = function(c) rest = c.params.what end,
    })
    for _, text in pairs(TEXTS) do
      for _, before in ipairs { "", "to ", "to U1234567 ", "see https://a.b ", "say ", "help " } do
        assert.equal(1, #offline:command("/x", before .. text .. " x").answers)
      end
    end
    assert.is_string(rest)
  end)
end)
