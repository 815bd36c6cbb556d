local mrkdwn = require "slack.mrkdwn"

-- The message that a mistake raises, without its place, which must be this file.
local function misuse(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  local place, text = err:match "^(.-): (mrkdwn.*)$"
  assert.matches("mrkdwn_spec%.lua:%d+$", place or err)
  return text
end

describe("mrkdwn", function()
  describe("escape", function()
    it("escapes what makes tokens and entities, and nothing else", function()
      assert.equal("&lt;!channel&gt; &amp;amp; *b* \"q\" | é",
        mrkdwn.escape "<!channel> &amp; *b* \"q\" | é")
    end)

    it("is undone by unescape, whatever the text", function()
      for _, text in ipairs { "", "&lt;", "&amp;lt;", "a<b>&c", "&&&", "&am;", "&#60;", "&gt" } do
        assert.equal(text, mrkdwn.unescape(mrkdwn.escape(text)))
      end
    end)

    it("unescapes nothing twice", function()
      assert.equal("&lt;", mrkdwn.unescape "&amp;lt;")
    end)
  end)

  describe("format", function()
    it("escapes arguments, so that nobody's text can mention or link", function()
      local text = mrkdwn.format("Deploy *%s*", "<!channel> <https://evil|x>")
      assert.equal("Deploy *&lt;!channel&gt; &lt;https://evil|x&gt;*", text)
      assert.same({}, mrkdwn.mentions(text).broadcasts)
      assert.same({}, mrkdwn.mentions(text).links)
    end)

    it("takes mrkdwn by %m, numbers by %d and the like, %% as a sign", function()
      assert.equal("<@U1> 007 1.50 100%",
        mrkdwn.format("%m %03d %.2f %d%%", mrkdwn.user "U1", 7, 1.5, 100))
    end)

    it("keeps the width and length that %s is given", function()
      assert.equal("[ab   |&lt;x]", mrkdwn.format("[%-5s|%.2s]", "ab", "<xyz>"))
    end)

    it("raises at the caller's line when format and arguments do not fit", function()
      for expected, arguments in pairs {
        ["mrkdwn.format: no argument for %s, number 2"] = { "%d %s", 1 },
        ["mrkdwn.format: argument 1: a number for %d expected, got x"] = { "%d", "x" },
        ["mrkdwn.format: argument 1: mrkdwn expected for %m, got number"] = { "%m", 5 },
        ["mrkdwn.format: %q is unknown: %s is for plain text, %m for mrkdwn, "
          .. "%d and the like for numbers"] = { "%q", "x" },
        ["mrkdwn.format: text expected, got nil"] = {},
      } do
        assert.equal(expected, misuse(function() mrkdwn.format(table.unpack(arguments)) end))
      end
      assert.equal("mrkdwn.format: argument 1 is nil",
        misuse(function() mrkdwn.format("%s", nil) end))
    end)
  end)

  it("raises at the caller's line where no text is read or escaped", function()
    for _, name in ipairs { "escape", "unescape", "parse", "mentions", "plain" } do
      assert.equal(("mrkdwn.%s: text expected, got nil"):format(name),
        misuse(function() local _ = mrkdwn[name](nil) end))
    end
    assert.equal("5", mrkdwn.escape(5))
  end)

  describe("mentions", function()
    it("writes Slack's tokens", function()
      assert.equal("<@U1>", mrkdwn.user "U1")
      assert.equal("<@W1>", mrkdwn.user "W1")
      assert.equal("<#C1>", mrkdwn.channel "C1")
      assert.equal("<!subteam^S1>", mrkdwn.usergroup "S1")
      assert.equal("<!here><!channel><!everyone>", mrkdwn.broadcast "here"
        .. mrkdwn.broadcast "channel" .. mrkdwn.broadcast "everyone")
    end)

    it("raises on names in the place of ids", function()
      assert.equal("mrkdwn.user: an id (U… or W…) expected, got \"ada\"",
        misuse(function() mrkdwn.user "ada" end))
      assert.equal("mrkdwn.channel: an id (C…) expected, got \"#general\"",
        misuse(function() mrkdwn.channel "#general" end))
      assert.equal("mrkdwn.usergroup: an id (S…) expected, got nil",
        misuse(function() mrkdwn.usergroup() end))
      assert.equal("mrkdwn.broadcast: \"here\", \"channel\" or \"everyone\" expected, got chanel"
        .. "; did you mean \"channel\"?", misuse(function() mrkdwn.broadcast "chanel" end))
    end)
  end)

  describe("link", function()
    it("encodes what would end the token", function()
      assert.equal("<https://e.com/a%7Cb%3E?c=1&amp;d=%20|x &gt; y>",
        mrkdwn.link("https://e.com/a|b>?c=1&d= ", "x > y"))
      assert.equal("<mailto:ada@example.com>", mrkdwn.link "mailto:ada@example.com")
    end)

    it("leaves as text what is no URL, so that nobody's URL becomes a mention", function()
      assert.equal("&lt;!channel&gt;", mrkdwn.link "<!channel>")
      assert.equal("here", mrkdwn.link("!channel", "here"))
      assert.equal("example.com", mrkdwn.link "example.com")
    end)
  end)

  describe("date", function()
    it("writes the token, with the time in UTC for clients that know none", function()
      assert.equal("<!date^0^{date_short_pretty} {time}|1970-01-01 00:00 UTC>", mrkdwn.date(0))
      assert.equal("<!date^12^{ago}^https://a/|a &gt; b>",
        mrkdwn.date(12.9, "{ago}", "a > b", "https://a/"))
    end)

    it("takes all of Slack's words for parts of a date", function()
      for _, word in ipairs {
        "date_num", "date", "date_short", "date_long", "date_pretty", "date_short_pretty",
        "date_long_pretty", "time", "time_secs", "ago",
      } do
        assert.matches(("^{%s}|"):format(word), mrkdwn.date(1, ("{%s}"):format(word), "x"), 1, true)
      end
    end)

    it("raises on what Slack does not know", function()
      assert.equal("mrkdwn.date: a format expected, got number",
        misuse(function() mrkdwn.date(1, 5) end))
      assert.equal("mrkdwn.link: a URL expected, got nil", misuse(function() mrkdwn.link() end))
      assert.equal("mrkdwn.date: {dat} is unknown; did you mean \"date\"?",
        misuse(function() mrkdwn.date(1, "{dat}") end))
      assert.equal("mrkdwn.date: ^ and | cannot stand in a format",
        misuse(function() mrkdwn.date(1, "{date}^") end))
      assert.equal("mrkdwn.date: seconds since 1970 expected, got tomorrow",
        misuse(function() mrkdwn.date "tomorrow" end))
    end)
  end)

  describe("styles", function()
    it("escape plain text and take formats", function()
      assert.equal("*a &amp; b*", mrkdwn.bold "a & b")
      assert.equal("_100%_", mrkdwn.italic "100%")
      assert.equal("~<@U1>: &lt;b&gt;~", mrkdwn.strike("%m: %s", mrkdwn.user "U1", "<b>"))
    end)

    it("go line by line, around what is seen", function()
      assert.equal(" *a* \n\n*b*", mrkdwn.bold " a \n\nb")
      assert.equal("", mrkdwn.bold "")
    end)

    it("leave a line without anything to see as it is, of any length", function()
      local blanks, began = (" "):rep(100000), os.clock()
      assert.equal(blanks .. "\n*a*", mrkdwn.bold(blanks .. "\na"))
      assert.is_true(os.clock() - began < 1)
    end)

    it("are not ended by their own mark inside", function()
      assert.equal("*all ∗new∗ 2*3*", mrkdwn.bold "all *new* 2*3")
      assert.equal("_snake_case ＿x＿_", mrkdwn.italic "snake_case _x_")
      assert.equal("`a ˋb` \n`c`", (mrkdwn.code "a `b\nc":gsub("\n", " \n")))
      assert.equal("```\na `\u{200B}`\u{200B}` b\n```", mrkdwn.code_block "\na ``` b\n")
    end)

    it("leave links in them whole", function()
      assert.equal("_see <https://e.com/_x_|it>_",
        mrkdwn.italic("see %m", mrkdwn.link("https://e.com/_x_", "it")))
    end)

    it("quote and list line by line", function()
      assert.equal("> a\n> b &lt;c&gt;", mrkdwn.quote "a\nb <c>")
      assert.equal("• a\n  b\n• <@U1>: &lt;c&gt;",
        mrkdwn.list { "a\nb", { "%m: %s", mrkdwn.user "U1", "<c>" } })
      assert.equal("1. a\n2. b", mrkdwn.list({ "a", "b" }, "ordered"))
      assert.equal("", mrkdwn.list {})
    end)

    it("raise on what is no text", function()
      assert.equal("mrkdwn.bold: text expected, got nil", misuse(function() mrkdwn.bold() end))
      assert.equal("mrkdwn.list: a list of texts expected, got string",
        misuse(function() mrkdwn.list "a" end))
      assert.equal("mrkdwn.list: text expected, got boolean",
        misuse(function() mrkdwn.list { true } end))
      assert.equal("mrkdwn.list: \"bullet\" or \"ordered\" expected, got dots",
        misuse(function() mrkdwn.list({}, "dots") end))
    end)
  end)

  describe("parse", function()
    local function only(text)
      local parts = mrkdwn.parse(text)
      assert.equal(1, #parts)
      return parts[1]
    end

    it("gives ids, labels and URLs of each kind of token", function()
      for text, expected in pairs {
        ["<@U1>"] = { type = "user", user_id = "U1" },
        ["<@W1|ada>"] = { type = "user", user_id = "W1", text = "ada" },
        ["<#C1|general>"] = { type = "channel", channel_id = "C1", text = "general" },
        ["<#C1|>"] = { type = "channel", channel_id = "C1" },
        ["<!subteam^S1|@pilots>"] = { type = "usergroup", usergroup_id = "S1", text = "@pilots" },
        ["<!here|here>"] = { type = "broadcast", range = "here", text = "here" },
        ["<!everyone>"] = { type = "broadcast", range = "everyone" },
        ["<https://a/?b=1&amp;c|x &lt; y>"] = {
          type = "link", url = "https://a/?b=1&c", text = "x < y",
        },
        ["<mailto:a@b.c|a@b.c>"] = { type = "link", url = "mailto:a@b.c", text = "a@b.c" },
        ["<!date^12^{date}^https://a|then>"] = {
          type = "date", timestamp = 12, format = "{date}", url = "https://a", fallback = "then",
          text = "then",
        },
      } do
        expected.raw = text
        assert.same(expected, only(text))
      end
    end)

    it("keeps the order of texts and tokens, and all of the text", function()
      local text = "a &amp; <@U1><#C2> b <not a token> <"
      local raw, types = {}, {}
      for i, part in ipairs(mrkdwn.parse(text)) do
        raw[i], types[i] = part.raw, part.type
      end
      assert.equal(text, table.concat(raw))
      assert.same({ "text", "user", "channel", "text" }, types)
      assert.equal("a & ", mrkdwn.parse(text)[1].text)
    end)

    it("takes as text what is no token of Slack's, and never raises", function()
      for _, text in ipairs {
        "<>", "<@>", "<#>", "<!>", "<!nobody>", "<@U1", "U1>", "<!date^x^y|z>", "<\n@U1>", "<<", "",
        "<!date^99999999999999999999^{date}|z>", "&lt;@U1&gt;", "<@U1 x>", "<|>", "<!subteam^>",
      } do
        for _, part in ipairs(mrkdwn.parse(text)) do
          assert.equal("text", part.type, text)
        end
      end
    end)

    it("cannot be fooled by escaped text", function()
      local text = mrkdwn.escape "<@U1> <!channel>"
      assert.same({ { type = "text", raw = text, text = "<@U1> <!channel>" } }, mrkdwn.parse(text))
    end)

    it("is quick with a long run of opening brackets", function()
      assert.equal(1, #mrkdwn.parse(("<"):rep(200000)))
      assert.equal(1, #mrkdwn.parse(("<@"):rep(100000)))
    end)
  end)

  it("lists what a text mentions, each once, in order", function()
    assert.same({
      users = { "U2", "U1" }, channels = { "C1" }, usergroups = {}, broadcasts = { "here" },
      links = { "https://a" },
    }, mrkdwn.mentions "<@U2> <@U1> <@U2|ada> <#C1|x> <!here> <https://a|b> <https://a>")
  end)

  describe("plain", function()
    it("gives the words without marks", function()
      for text, expected in pairs {
        ["*bold* _it_ ~no~ `co*d*e`"] = "bold it no co*d*e",
        ["*_both_* 2*3*4 snake_case_name * a *"] = "both 2*3*4 snake_case_name * a *",
        ["```\nx *y*\n```"] = "x *y*",
        ["&gt; quoted\n> too &amp;lt;"] = "quoted\ntoo &lt;",
        ["*<https://a|la*bel>* <mailto:a@b.c>"] = "la*bel a@b.c",
        ["<!date^12^{date}|then>"] = "then",
        ["<@U1|ada> <#C1|general> <!subteam^S1|@pilots> <!here> <@U2>"] =
          "@ada #general @pilots @here @U2",
        ["\1 1\2"] = " 1",
      } do
        assert.equal(expected, mrkdwn.plain(text))
      end
    end)

    it("takes names from a table or a function", function()
      assert.equal("@ada #C1", mrkdwn.plain("<@U1> <#C1>", { U1 = "ada" }))
      assert.equal("@user-U1", mrkdwn.plain("<@U1>", function(id, kind)
        return kind .. "-" .. id
      end))
      assert.equal("@1", mrkdwn.plain("<@U1>", { U1 = "\0011\2" }))
    end)
  end)
end)
