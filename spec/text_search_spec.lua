local core = require "slack.core"

-- What one search for each of them gives.
local function expected(needles, text)
  local numbers = {}
  for i, needle in ipairs(needles) do
    if text:find(needle, 1, true) then
      numbers[#numbers + 1] = i
    end
  end
  return numbers
end

local function found(search, text)
  local numbers = {}
  local count = search:find(text, numbers)
  assert.equal(#numbers, count)
  return numbers
end

local function check(needles, ...)
  local search <close> = core.text_search(needles)
  for _, text in ipairs { ... } do
    assert.same(expected(needles, text), found(search, text), text)
  end
end

describe("text search", function()
  it("finds each needle once, in the order of the list", function()
    check({ "she", "he", "hers", "his", "sh" }, "ushers", "his", "she he hers his she", "", "x")
  end)

  it("finds needles that are parts, beginnings and ends of others", function()
    check({ "abcdefgh", "abcdef", "cdefg", "def", "h", "gh", "abcdefgx" },
      "abcdefgh", "abcdefg", "xcdefx", "abcdefgabcdefgx", "hgfedcba")
  end)

  it("finds the empty needle everywhere", function()
    check({ "a", "", "b" }, "", "a", "cc")
    check({ "" }, "", "a")
  end)

  it("finds each of equal needles", function()
    check({ "one", "two", "one", "", "two", "" }, "one", "two and one", "")
  end)

  it("takes no needles, too", function()
    check({}, "", "anything")
  end)

  it("compares bytes: NUL, bytes that are no UTF-8, upper and lower case", function()
    check({ "a\0b", "\0", "a", "\255\254", "\xC3", "\u{E9}", "A", "%a", "." },
      "a\0b", "a\0c", "\0", "\255\254", "caf\u{E9}", "\xC3", "abc", "ABC", "%a.", "\255")
  end)

  it("tells needles apart that differ in any byte value at any depth", function()
    local needles = {}
    for byte = 0, 255 do
      needles[#needles + 1] = "same" .. string.char(byte)
      needles[#needles + 1] = string.char(byte, byte ~ 1)
    end
    for byte = 0, 255 do
      check(needles, "same" .. string.char(byte), string.char(byte, byte ~ 1, byte))
    end
  end)

  it("writes over what it found before, and no further", function()
    local search = core.text_search { "a", "b", "c" }
    local numbers = {}
    assert.equal(3, search:find("cba", numbers))
    assert.same({ 1, 2, 3 }, numbers)
    assert.equal(1, search:find("b", numbers))
    assert.same({ 2, 2, 3 }, numbers)
  end)

  it("makes no garbage when it finds", function()
    local search, numbers = core.text_search { "ticket", "bug", "help" }, {}
    search:find("help, a bug in the ticket", numbers)
    collectgarbage()
    collectgarbage "stop"
    local before = collectgarbage "count"
    for _ = 1, 1000 do
      search:find("help, a bug in the ticket", numbers)
    end
    local made = collectgarbage "count" - before
    collectgarbage "restart"
    assert.is_true(made < 1, made)
  end)

  it("refuses what are no needles and no texts", function()
    assert.error_matches(function() core.text_search() end, "table expected")
    assert.error_matches(function() core.text_search "a" end, "table expected")
    assert.error_matches(function() core.text_search { "a", 7 } end,
      "needle 2: string expected, got number")
    assert.error_matches(function() core.text_search { false } end,
      "needle 1: string expected, got boolean")
    local search = core.text_search { "a" }
    assert.error_matches(function() search:find() end, "string expected")
    assert.error_matches(function() search:find({}, {}) end, "string expected")
    assert.error_matches(function() search:find "a" end, "table expected")
    assert.error_matches(function() search.find({}, "a", {}) end, "text_search expected")
  end)

  it("is closed by hand, too, which may be done twice", function()
    local search = core.text_search { "a" }
    search:close()
    search:close()
    assert.error_matches(function() search:find("a", {}) end, "closed")
  end)
end)
