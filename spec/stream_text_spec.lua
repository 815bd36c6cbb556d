local stream_text = require "slack.stream_text"

describe("stream_text", function()
  describe("clean", function()
    for name, case in pairs {
      ["keeps text that is UTF-8"] = { "Grüße 🚀", "Grüße 🚀", "" },
      ["keeps back two bytes of three"] = { "a\xE2\x82", "a", "\xE2\x82" },
      ["keeps back three bytes of four"] = { "a\xF0\x9F\x9A", "a", "\xF0\x9F\x9A" },
      ["keeps back nothing of a whole character"] = { "\xE2\x82\xAC", "\xE2\x82\xAC", "" },
      ["replaces bytes that begin nothing"] = { "a\x80\xFFb", "a\u{FFFD}\u{FFFD}b", "" },
      ["replaces a character that is cut in the middle"] = { "\xE2\x82x", "\u{FFFD}\u{FFFD}x", "" },
      ["takes an empty text"] = { "", "", "" },
    } do
      it(name, function()
        assert.same({ case[2], case[3] }, { stream_text.clean(case[1]) })
      end)
    end

    it("keeps back nothing at the end", function()
      assert.same({ "a\u{FFFD}\u{FFFD}", "" }, { stream_text.clean("a\xE2\x82", true) })
    end)

    it("gives the same for every way to cut a text in two", function()
      local text = "Grüße, 世界 🚀"
      for cut = 0, #text do
        local first, rest = stream_text.clean(text:sub(1, cut))
        local second, left = stream_text.clean(rest .. text:sub(cut + 1))
        assert.equal(text, first .. second)
        assert.equal("", left)
      end
    end)
  end)

  describe("open_fence", function()
    for name, case in pairs {
      ["none in plain text"] = { "a ``` b\n    ```\n", nil },
      ["one that is open"] = { "a\n```lua\nx", "```", "```lua", 3 },
      ["none when it is closed"] = { "```\nx\n```\nb", nil },
      ["one whose like stands inside a longer one"] = { "````\n```\n", "````", "````", 1 },
      ["one of tildes, which backticks do not close"] = { "~~~ c\n```\n", "~~~", "~~~ c", 1 },
      ["one that a line with words does not close"] = { "```\n``` x\n", "```", "```", 1 },
      ["the second when the first is closed"] = { "```\n```\n```sh\n", "```", "```sh", 9 },
    } do
      it("finds " .. name, function()
        assert.same({ case[2], case[3], case[4] }, { stream_text.open_fence(case[1]) })
      end)
    end
  end)

  describe("fitting", function()
    for name, case in pairs {
      ["takes all there is room for"] = { "", "abc", 3, 3 },
      ["counts characters, not bytes"] = { "", "äöü", 3, 6 },
      ["takes nothing where there is no room"] = { "abc", "x", 0, 0 },
      ["ends behind a paragraph"] = { "", "aaaa\n\nbb\ncc dd", 11, 6 },
      ["ends behind a line"] = { "", "aaaaa\nbb cc", 10, 6 },
      ["ends behind a word"] = { "", "aaa bbb ccc", 10, 8 },
      ["ends anywhere where there is no such end in its later half"] = { "", "a bbbbbbbbbb", 8, 8 },
      ["ends before a code block that would be cut"] = { "", "aa\n```\nxxxxx\n```\n", 12, 3 },
      ["takes nothing of one for the next message"] = { "aa\n", "```\nxxxxx\n", 6, 0 },
      ["cuts one that begins a message"] = { "", "```\nxx\nxx\nxx\n```\n", 9, 7 },
      ["cuts one that began before"] = { "```\nxx\n", "yy\nzz\nqq\n", 8, 6 },
    } do
      it(name, function()
        assert.equal(case[4], stream_text.fitting(case[1], case[2], case[3]))
      end)
    end
  end)
end)
