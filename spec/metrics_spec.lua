local Metrics = require "slack.metrics"
local exposition = require "support.exposition"
local runtime = require "support.runtime"

describe("metrics", function()
  local metrics

  before_each(function()
    metrics = Metrics.new()
  end)

  local function read(name, labels)
    local _, value = exposition.parse(metrics:render())
    return value(name, labels)
  end

  it("count by labels", function()
    local counter = metrics:counter("x_total", "Of x.", { "what", "how" })
    counter:add(1, "a", "good")
    counter:add(1, "a", "good")
    counter:add(1, "a", "bad")
    counter:add(1, "b", "good")
    assert.equal(2, read("x_total", { what = "a", how = "good" }))
    assert.equal(1, read("x_total", { what = "a", how = "bad" }))
    assert.is_nil(read("x_total", { what = "b", how = "bad" }))
  end)

  it("count without labels, and with one", function()
    metrics:counter("x_total", "Of x."):add(1)
    metrics:counter("y_total", "Of y.", { "what" }):add(1, "a")
    assert.equal(1, read("x_total"))
    assert.equal(1, read("y_total", { what = "a" }))
  end)

  it("add what they are told to", function()
    local counter = metrics:counter("x_total", "Of x.")
    counter:add(5)
    counter:add(0.5)
    counter:add(0)
    assert.equal(5.5, read("x_total"))
  end)

  it("stand once each, whatever is tried", function()
    local plain = metrics:counter("x_total", "Of x.")
    local labeled = metrics:counter("y_total", "Of y.", { "page" })
    plain:add(1)
    labeled:add(1, "front")
    pcall(plain.add, plain, 1, "front")
    pcall(labeled.add, labeled, 1, "front", "back")
    local families = exposition.parse(metrics:render())
    assert.equal(1, #families.x_total.samples)
    assert.equal(1, #families.y_total.samples)
  end)

  it("sort seconds into buckets that count the smaller ones too", function()
    local histogram = metrics:histogram("x_seconds", "Of x.", { "kind" })
    for _, seconds in ipairs { 0, 0.001, 0.0011, 0.3, 1000 } do
      histogram:observe(seconds, "a")
    end
    for le, count in pairs { ["0.001"] = 2, ["0.0025"] = 3, ["0.25"] = 3, ["0.5"] = 4, ["60"] = 4,
      ["+Inf"] = 5 } do
      assert.equal(count, read("x_seconds_bucket", { kind = "a", le = le }), le)
    end
    assert.equal(5, read("x_seconds_count", { kind = "a" }))
    assert.is_near(1000.3021, read("x_seconds_sum", { kind = "a" }), 1e-9)
  end)

  it("escape values and help as the format asks for", function()
    local value = 'a"b\\c\nd ü {}'
    metrics:counter("x_total", "Back\\slash,\nnew line.", { "what" }):add(1, value)
    local families = exposition.parse(metrics:render())
    assert.equal("Back\\\\slash,\\nnew line.", families.x_total.help)
    assert.equal(1, read("x_total", { what = value }))
  end)

  it("keep so many values of a label apart that comes from outside, and no more", function()
    local counter = metrics:counter("x_total", "Of x.", { "what", "how" })
    for i = 1, 700 do
      counter:add(1, "type" .. i, "good")
    end
    counter:add(1, "type1", "bad")
    counter:add(1, "type700", "bad")
    assert.equal(1, read("x_total", { what = "type500", how = "good" }))
    assert.equal(1, read("x_total", { what = "type1", how = "bad" }))
    assert.equal(200, read("x_total", { what = "other", how = "good" }))
    assert.equal(1, read("x_total", { what = "other", how = "bad" }))
    local families = exposition.parse(metrics:render())
    assert.equal(503, #families.x_total.samples)
  end)

  it("take what can be no label as one more of those", function()
    local counter = metrics:counter("x_total", "Of x.", { "what" })
    for _, value in ipairs { ("x"):rep(101), "\xFF" } do
      counter:add(1, value)
    end
    for _, value in ipairs { 42, true, {} } do
      counter:count(value) -- as a payload may have it
    end
    assert.equal(5, read("x_total", { what = "other" }))
  end)

  it("ask for what is known elsewhere when the text is made", function()
    local depth = 1
    metrics:collect(function(write)
      write:single("x", "gauge", "Of x.", depth)
      write:single("y", "gauge", "Of y.", nil)
      write:family("z_total", "counter", "Of z.")
      write:sample({ "a", "1" }, 0.5)
    end)
    assert.equal(1, read "x")
    depth = -2
    assert.equal(-2, read "x")
    assert.is_nil(read "y")
    assert.equal(0.5, read("z_total", { a = "1" }))
  end)

  it("are the same when they are asked for again, as a reloaded script does", function()
    local counter = metrics:counter("x_total", "Of x.", { "what" })
    counter:add(1, "a")
    assert.equal(counter, metrics:counter("x_total", "Of x.", { "what" }))
    assert.equal(1, read("x_total", { what = "a" }))
  end)

  describe("with wrong arguments raise at the caller's line", function()
    for name, make in pairs {
      ["no name"] = function() metrics:counter(nil, "x") end,
      ["a name with a dash"] = function() metrics:counter("a-b", "x") end,
      ["no help"] = function() metrics:counter "a" end,
      ["three labels"] = function() metrics:counter("a", "x", { "b", "c", "d" }) end,
      ["two labels of a histogram"] = function() metrics:histogram("a", "x", { "b", "c" }) end,
      ["the label of buckets"] = function() metrics:histogram("a", "x", { "le" }) end,
      ["another kind"] = function()
        metrics:counter("a", "x")
        metrics:histogram("a", "x")
      end,
      ["other labels"] = function()
        metrics:counter("a", "x", { "b" })
        metrics:counter("a", "x", { "c" })
      end,
      ["a name of the app's own"] = function() metrics:counter("slack_events_total", "x") end,
      ["another one"] = function() metrics:histogram("process_seconds", "x") end,
      ["one label twice"] = function() metrics:counter("a", "x", { "b", "b" }) end,
      ["labels that are no list"] = function() metrics:counter("a", "x", "b") end,
      ["a dot"] = function() metrics.counter("a", "x") end,
    } do
      it(name, function()
        assert.matches("^spec/metrics_spec.lua:%d+: metrics[:.]%l+: ", runtime.raised(make))
      end)
    end
  end)

  describe("used wrongly raise at the caller's line", function()
    for name, use in pairs {
      ["no number"] = function(counter) counter:add("front", "a") end,
      ["a negative number"] = function(counter) counter:add(-3, "front") end,
      ["no finite number"] = function(counter) counter:add(math.huge, "front") end,
      ["not a number at all"] = function(counter) counter:add(0 / 0, "front") end,
      ["no value for a label"] = function(counter) counter:add(1) end,
      ["a value too many"] = function(counter) counter:add(1, "a", "b") end,
      ["nil as a value"] = function(counter) counter:add(1, nil) end,
      ["a dot"] = function(counter) counter.add(1, "front") end,
      ["a histogram"] = function() metrics:histogram("x_seconds", "Of x."):observe(1, "a") end,
    } do
      it(name, function()
        local counter = metrics:counter("x_total", "Of x.", { "page" })
        assert.matches("^spec/metrics_spec.lua:%d+: %l+[:.]%l+: ",
          runtime.raised(function() use(counter) end))
      end)
    end
  end)
end)
