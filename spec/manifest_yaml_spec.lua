local json = require "slack.json"
local writer = require "slack.manifest.writer"
local yaml = require "slack.manifest.yaml"

local function problem_of(text)
  local value, problem = yaml.read(text)
  assert.is_nil(value)
  return problem
end

describe("YAML of manifests", function()
  it("is read as people write it", function()
    assert.same({
      display_information = { name = "It's # 1", description = "plain text: no" },
      features = {
        slash_commands = { { command = "/a", url = "https://x.example/y" }, { command = "/b" } },
        bot_user = { display_name = "x, y", always_online = true },
      },
      list = { "a, b", 3, false }, tight = { "a", "b" }, empty = {}, nested = { { "a" }, "b" },
      ["a key"] = 1.5,
    }, (yaml.read [[
---
# a comment
display_information:
  name: "It's # 1"   # another
  description: 'plain text: no'
features:
    slash_commands:
      - command: /a
        url: https://x.example/y
      -   command: /b
    bot_user: { display_name: "x, y", always_online: true }
list: [ "a, b", 3, false ]
tight:
- a
- b
empty: []
nested:
  - - a
  - b
"a key": 1.5
]]))
  end)

  it("has texts over several lines", function()
    assert.same({ a = "one\n two\n", b = "three four\n\nfive", c = "six" },
      (yaml.read "a: |\n  one\n   two\nb: >-\n  three\n  four\n\n  five\nc: six\n"))
  end)

  it("has escapes in quotes", function()
    assert.same({ a = 'x"y\nz\u{e9}', b = "it's" },
      (yaml.read [[{ a: "x\"y\nz\u00e9", b: 'it''s' }]]))
  end)

  it("has escapes read once, and characters beyond 16 bits", function()
    assert.same({ a = "\\ud83d \\\\n", b = "\u{1F680}", c = "\u{FFFD}x", d = "\u{FFFD}\u{e9}",
      e = "\b\f" },
      (yaml.read([[
a: "\\ud83d \\\\n"
b: "\ud83d\uDE80"
c: "\udc00x"
d: "\ud800\u00e9"
e: "\b\f"
]])))
  end)

  it("is refused where it is nested beyond all measure", function()
    for _, text in ipairs { ("["):rep(300000), ("{a: "):rep(100000), ("- "):rep(100000) .. "x",
      "a: " .. ("["):rep(200) } do
      assert.equal("line 1: nested more than 100 levels deep", problem_of(text))
    end
    local deep = ("["):rep(60) .. ("]"):rep(60)
    assert.is_table((yaml.read(deep .. "\n")))
  end)

  it("has numbers of any size, and texts for what is beyond all", function()
    local digits = ("5"):rep(400)
    assert.same({ a = 5.5e42, b = -0.5, c = 1e300, d = digits .. ".0", e = "1e999", f = "1e" },
      (yaml.read(("a: 5.5e+42\nb: -0.5\nc: 1E300\nd: %s.0\ne: 1e999\nf: 1e\n"):format(digits))))
    local value = { a = 5.5e42, b = "1e5", c = -1e-7 }
    assert.same(value, (yaml.read(writer.yaml(value))))
  end)

  it("has nothing where nothing is", function()
    assert.equal(json.null, (yaml.read "# only this\n"))
    assert.equal(json.null, yaml.read("a:\nb: 1").a)
    assert.equal(json.null, yaml.read("a: ~").a)
  end)

  it("of any shape is read or refused, and written as it was read", function()
    local text = "a:\n  - { b: [1, 'c'], d: \"e\" } # f\n  -   g: |\n        h\n      i: >-\n"
      .. "        j\n- k\n'l m': n: o\np:q: r\n- - s\n  - t\n"
    for i = 1, #text do
      for j = i, #text, 3 do
        local value, problem = yaml.read(text:sub(1, i) .. text:sub(j))
        if type(value) == "table" and next(value) ~= nil then
          local written = writer.yaml(value)
          assert.equal(written, writer.yaml((yaml.read(written))))
        else
          assert.is_true(value ~= nil or problem:find "^line %d+: " ~= nil)
        end
      end
    end
  end)

  it("is refused with the line where it is wrong", function()
    for text, expected in pairs {
      ["a: 1\n   b: 2"] = "line 2: it is indented further",
      ["  a: 1\nb: 2"] = "line 2: it is indented less",
      ["a: 1\nb"] = "line 2: a key with a : expected",
      ["a: 1\na: 2"] = 'line 2: the key "a" is there twice',
      ["a: [1"] = "line 1: the list is not closed",
      ["a: {b: 1"] = "line 1: the map is not closed",
      ['a: "x'] = "line 1: the quote is not closed",
      ["a: &anchor x"] = "line 1: & is not understood",
      ["a:\n\tb: 1"] = "line 2: a tab",
      ["a: [1] 2"] = "line 1: nothing expected behind the value",
    } do
      local problem = problem_of(text)
      assert.truthy(problem:find(expected, 1, true), problem)
    end
  end)

  it("is written so that it is read back the same", function()
    local value = {
      display_information = { name = "a: b", description = "true", long_description = "x\ny # z" },
      features = { shortcuts = { { name = "- x", type = "global" }, { name = "" } } },
      settings = { on = true, off = false, number = 5, text = "5", none = json.list() },
      functions = { { "a", { "b" } }, "/c", "*", "[x]", "'", '"', " lead", "trail ", "é" },
    }
    assert.same(value, (yaml.read(writer.yaml(value))))
  end)

  it("is read in a moment, whatever is long in it", function()
    for _, piece in ipairs { "0", " ", "\t", ":", "'", "a: ", "[", "- ", "1.", "#", "\n" } do
      for _, text in ipairs { "a: 1%sx\nb: 2", "a%sx: 1\nb: 2", "- [1, 2%sx]\n", '"a%s: 1"' } do
        local began = os.clock()
        yaml.read((text:gsub("%%s", function() return piece:rep(30000 // #piece) end)))
        assert.is_true(os.clock() - began < 1, piece .. " in " .. text)
      end
    end
  end)
end)

describe("a manifest as text", function()
  it("has the order that Slack's pages have", function()
    local order = {}
    for key in writer.json({
      settings = 1, functions = 1, features = 1, display_information = 1, zeta = 1,
      oauth_config = 1,
    }):gmatch '"([%w_]+)"' do
      order[#order + 1] = key
    end
    assert.same({ "display_information", "features", "oauth_config", "settings", "functions",
      "zeta" }, order)
  end)

  it("is JSON that people can read", function()
    assert.equal('{\n  "a": {},\n  "b": [],\n  "c": [\n    1,\n    "x/y"\n  ]\n}\n',
      writer.json { a = {}, b = json.list(), c = { 1, "x/y" } })
  end)
end)
