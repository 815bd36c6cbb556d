local TextIndex = require "slack.text_index"

-- The same words on every run.
local function random_from(seed)
  return function(most)
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return (seed >> 8) % most + 1
  end
end

local function text_of(random, letters, length)
  local bytes = {}
  for i = 1, length do
    bytes[i] = letters:byte(random(#letters))
  end
  return string.char(table.unpack(bytes))
end

-- The orders of the listeners found, each once, sorted.
local function found(index, text)
  local lists, orders, seen = {}, {}, {}
  local count = index:find(text, lists, 0)
  assert.equal(#lists, count)
  for _, list in ipairs(lists) do
    for _, listener in ipairs(list) do
      if not seen[listener] then
        seen[listener] = true
        table.insert(orders, listener.order)
      end
    end
  end
  table.sort(orders)
  return orders
end

local function expected(texts, text)
  local orders = {}
  for order, wanted in pairs(texts) do
    if text:find(wanted, 1, true) then
      table.insert(orders, order)
    end
  end
  table.sort(orders)
  return orders
end

describe("text index", function()
  local index, listeners, texts

  before_each(function()
    index, listeners, texts = TextIndex.new(), {}, {}
  end)

  local function add(order, text)
    listeners[order], texts[order] = { order = order }, text
    index:add({ text }, listeners[order], 0)
  end

  local function remove(order)
    index:remove({ texts[order] }, listeners[order], 0)
    listeners[order], texts[order] = nil, nil
  end

  local function check(text)
    assert.same(expected(texts, text), found(index, text), text)
  end

  for _, case in ipairs {
    { name = "few texts", count = 5, letters = "ab", length = 4 },
    { name = "many texts that overlap", count = 60, letters = "ab", length = 9 },
    { name = "many texts that begin alike", count = 60, letters = "abc", length = 6,
      prefix = "please do the thing number " },
    { name = "many texts of any bytes", count = 200, letters = "abc\0\255 \n%.", length = 5 },
  } do
    it("finds the same as one search for each would: " .. case.name, function()
      local random = random_from(case.count)
      local prefix = case.prefix or ""
      for order = 1, case.count do
        add(order, prefix .. text_of(random, case.letters, random(case.length)))
      end
      for _ = 1, 150 do
        check(text_of(random, case.letters, random(30)) .. prefix
          .. text_of(random, case.letters, random(30)))
      end
      check(prefix)
    end)
  end

  it("keeps up with texts that come and go", function()
    local random = random_from(7)
    local next_order = 0
    for _ = 1, 400 do
      local order = random(60)
      if texts[order] then
        remove(order)
      end
      next_order = next_order + 1
      add(100 + next_order, text_of(random, "ab", random(7)))
      if texts[100 + next_order - 40] then
        remove(100 + next_order - 40)
      end
      check(text_of(random, "ab", random(40)))
    end
    for order in pairs(listeners) do
      remove(order)
    end
    assert.equal(0, index.count)
    check "abab"
  end)

  it("leaves no trace of texts that are gone", function()
    for order = 1, 40 do
      add(order, "word number " .. order)
    end
    check "word number 7 of 40"
    for order = 1, 40 do
      remove(order)
    end
    assert.same({}, index.entries)
    assert.same({}, index.fresh)
    assert.same({}, index.places)
    assert.same({}, index.parts)
  end)

  it("finds a listener once that any of several texts is for", function()
    for order = 1, 30 do
      add(order, "unrelated " .. order)
    end
    local listener = { order = 99 }
    index:add({ "red", "green", "blue", "black", "white", "grey" }, listener, 0)
    assert.same({ 99 }, found(index, "red green"))
    local lists = {}
    assert.equal(1, index:find("red green blue black white grey", lists, 0))
    assert.same({ { listener } }, lists)
    index:remove({ "red", "green", "blue", "black", "white", "grey" }, listener, 0)
    assert.same({}, found(index, "red green"))
  end)

  it("finds all listeners of one text, as they come and go", function()
    local a, b, c = { order = 1 }, { order = 2 }, { order = 3 }
    for order = 11, 30 do
      add(order, "unrelated " .. order)
    end
    index:add({ "red", "red" }, a, 0)
    assert.same({ 1 }, found(index, "red"))
    index:add({ "red" }, c, 0)
    index:add({ "red" }, b, 0)
    assert.same({ 1, 2, 3 }, found(index, "red"))
    index:remove({ "red", "red" }, a, 0)
    index:remove({ "red" }, c, 0)
    assert.same({ 2 }, found(index, "red"))
    index:remove({ "red" }, b, 0)
    assert.same({}, found(index, "red"))
    index:add({ "red" }, c, 0)
    assert.same({ 3 }, found(index, "red unrelated"))
    assert.equal(21, index.count)
  end)

  it("makes one list of many, in order", function()
    for order = 1, 30 do
      add(order, ("x"):rep(31 - order))
    end
    local lists = {}
    assert.equal(1, index:find(("x"):rep(25), lists, 0))
    local orders = {}
    for _, listener in ipairs(lists[1]) do
      table.insert(orders, listener.order)
    end
    assert.same(expected(texts, ("x"):rep(25)), orders)
  end)

  it("survives texts of any length, and what is no text", function()
    for order = 1, 30 do
      add(order, ("ab"):rep(order * 50) .. order)
    end
    check(("ab"):rep(20000) .. "7")
    assert.same({}, found(index, nil))
    assert.same({}, found(index, 42))
    assert.same({}, found(index, ""))
  end)

  it("has few parts however many messages come between the texts", function()
    for order = 1, 3000 do
      add(order, ("text %05d"):format(order))
      index:find("text 00001 and text 99999", {}, 0)
      assert.is_true(#index.parts <= 5)
    end
    check "text 00001, text 01500 and text 03000"
    for order = 1, 3000 do
      remove(order)
      assert.is_true(#index.fresh <= math.max(4, index.count))
      if order % 100 == 0 then
        check(("text 00001 text %05d text %05d"):format(order, order + 1))
      end
    end
  end)

  it("drops a search when half of its texts are gone", function()
    for order = 1, 100 do
      add(order, "word number " .. order)
    end
    check "word number 7"
    local search = index.parts[1].search
    for order = 51, 100 do
      remove(order)
    end
    assert.has_error(function() search:find("word number 7", {}) end)
    check "word number 7 or word number 77"
  end)
end)
