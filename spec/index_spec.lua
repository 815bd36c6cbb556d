local Index = require "slack.index"
local Listener = require "slack.listener"
local constraints = require "slack.constraints"
local slack = require "slack"

local function random_from(seed)
  return function(most)
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return (seed >> 8) % most + 1
  end
end

local function nothing() end

describe("index", function()
  local index

  before_each(function()
    index = Index.new()
  end)

  local last = 0
  local function add(method, what)
    local listener = assert(Listener.new(method, what, nothing))
    last = last + 1
    listener.order, listener.text = last, nil
    index:add(listener)
    return listener
  end

  local function context(event)
    return { kind = "event", type = event.type, body = { event = event }, payload = event }
  end

  -- The orders of those that take it, by the index and the tests that it leaves.
  local function taken(c, kind)
    local orders, looked = {}, 0
    local named = index:visit(c, function(_, listener)
      looked = looked + 1
      if listener:accepts(c) then
        table.insert(orders, listener.order)
      end
    end, nil, kind)
    return orders, looked, named
  end

  -- One with every test left, as if there were no index.
  local function untouched(listener, method, what)
    local compiled = assert(constraints.compile(method, what, true))
    return setmetatable({ plan = compiled, order = listener.order }, Listener)
  end

  it("finds what looking at every listener finds, while they come and go (S141, S152)", function()
    local random = random_from(11)
    local function one_of(list) return list[random(#list)] end
    local function value(letter)
      local one, other = letter .. random(3), letter .. random(3)
      return one_of { one, one, { one, other }, slack.pattern("^" .. one), true, false }
    end
    local words = { "red", "green", "a red", "red g", "blue", "e", "n b", "", "ee", "reen", "lue",
      "d gr", "gre", "gr", "g", "b", "bl", "ue r", "re", "ed" }
    local function what_of(method)
      local what = method == "event" and { type = one_of { "message", "t1", { "t1", "t2" } } } or {}
      for field, letter in pairs { channel = "C", user = "U", reaction = "r" } do
        what[field] = random(3) == 1 and value(letter) or nil
      end
      what.text = random(2) == 1 and one_of { one_of(words), { one_of(words), one_of(words) } }
        or nil
      return what
    end
    local pairs_of = {}
    for _ = 1, 900 do
      local method = one_of { "message", "message", "event" }
      local what = what_of(method)
      local listener = add(method, what)
      table.insert(pairs_of, { listener, untouched(listener, method, what) })
      if #pairs_of > 80 then
        index:remove(table.remove(pairs_of, random(#pairs_of))[1])
      end
      local c = context {
        type = one_of { "message", "message", "t1", "t2" }, channel = "C" .. random(3),
        user = "U" .. random(3), reaction = random(2) == 1 and "r" .. random(3) or nil,
        text = table.concat({ one_of(words), one_of(words), one_of(words) }, " "),
      }
      local expected = {}
      for _, pair in ipairs(pairs_of) do
        if pair[2]:accepts(c) then
          table.insert(expected, pair[2].order)
        end
      end
      assert.same(expected, (taken(c)))
    end
    for _, pair in ipairs(pairs_of) do
      index:remove(pair[1])
    end
    assert.equal(0, index.count)
    local top = index.tops.event
    assert.same({ {}, nil, nil, 0 }, { top.list, top.fields, top.texts, top.named })
  end)

  for _, case in ipairs {
    { "event", function(i) return "type_" .. i end, { type = "type_7" } },
    { "event", function(i) return { "reaction_added", reaction = "r" .. i } end,
      { type = "reaction_added", reaction = "r7" } },
    { "func", function(i) return "f" .. i end,
      { type = "function_executed", ["function"] = { callback_id = "f7" } } },
    { "message", function(i) return { channel = "C" .. i } end,
      { type = "message", channel = "C7", text = "x" } },
    { "message", function(i) return "the number " .. i .. "!" end,
      { type = "message", text = "take the number 7!" } },
    { "message", function(i) return { "word", user = "U" .. i } end,
      { type = "message", user = "U7", text = "a word" } },
  } do
    local method, what_of, event = table.unpack(case)
    it("looks at one of a thousand listeners for " .. method .. " "
      .. (next(event) and tostring(event.reaction or event.channel or event.text or event.type)),
      function()
        for i = 1, 1000 do
          add(method, what_of(i))
        end
        local orders, looked, named = taken(context(event))
        assert.equal(1, #orders)
        assert.equal(1, looked)
        assert.is_true(named)
      end)
  end

  it("says of an id whether any listener names it", function()
    add("event", { "reaction_added", reaction = "wave" })
    add("message", { user = "U1" })
    local function named(event)
      return select(3, taken(context(event)))
    end
    assert.is_true(named { type = "reaction_added", reaction = "eyes" })
    assert.is_true(named { type = "message", user = "U2" })
    assert.is_false(named { type = "team_join" })
    assert.is_false(named { type = "function_executed", ["function"] = { callback_id = "f" } })
  end)

  it("goes on with what a visit began with, whatever comes and goes meanwhile", function()
    local listeners, visited = {}, {}
    for i = 1, 5 do
      listeners[i] = add("event", "t")
    end
    local first = listeners[1].order
    index:visit(context { type = "t" }, function(_, listener)
      table.insert(visited, listener.order - first + 1)
      if listener == listeners[2] then
        index:remove(listeners[2])
        index:remove(listeners[4])
        add("event", "t")
      end
    end)
    assert.same({ 1, 2, 3, 4, 5 }, visited)
    local orders = taken(context { type = "t" })
    assert.same({ first, first + 2, first + 4, first + 5 }, orders)
  end)

  it("knows whether anybody listens to anything", function()
    assert.is_false(index:has_any())
    local listener = assert(Listener.new("any", { channel = "C1" }, nothing))
    index:add(listener)
    assert.is_true(index:has_any())
    local orders = taken({ kind = "unknown", body = { channel = "C1" } }, "any")
    assert.equal(1, #orders)
    index:remove(listener)
    assert.is_false(index:has_any())
  end)
end)
