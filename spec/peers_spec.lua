local Bus = require "support.peer_bus"
local clock = require "support.clock"
local json = require "slack.json"
local loop = require "slack.loop"
local own_ids = require "slack.own_ids"
local owner = require "slack.inbox.owner"
local tasks = require "slack.tasks"

local function names(peers)
  local list = {}
  for i, peer in ipairs(peers.list) do
    list[i] = peer.name
  end
  table.sort(list)
  return table.concat(list, " ")
end

local function said(peers, text)
  local count = 0
  for _, line in ipairs(peers.lines) do
    count = count + (line:find(text, 1, true) and 1 or 0)
  end
  return count
end

describe("peers", function()
  local bus, previous, time

  before_each(function()
    local made
    made, time = clock.loop()
    previous = loop.use(made)
    bus = Bus.new()
  end)

  after_each(function()
    loop.use(previous)
  end)

  local function pass(seconds)
    for _ = 1, seconds do
      time.now = time.now + 1
      bus.settle()
    end
  end

  local function run(fn)
    local done = false
    tasks.spawn(function()
      fn()
      done = true
    end)
    bus.settle()
    assert.is_true(done)
  end

  it("know each other as soon as the second one has come", function()
    local a = bus:process("a", { role = "worker" })
    bus.settle()
    assert.equal("", names(a))
    local b = bus:process "b"
    bus.settle()
    assert.same({ "b", "a" }, { names(a), names(b) })
    assert.equal("worker", b.by_name.a.role)
    assert.equal("a", b.by_origin[own_ids.origin()].name)
  end)

  it("know each other when they come at the same time, or while nobody can be reached", function()
    bus.is_down = true
    local a, b, c = bus:process "a", bus:process "b", bus:process "c"
    bus.settle()
    assert.same({ "", 1 }, { names(a), said(a, "cannot be found out") })
    bus.is_down = false
    pass(11)
    assert.same({ "b c", "a c", "a b" }, { names(a), names(b), names(c) })
  end)

  it("forget who says bye, and send nothing to it", function()
    local a, b = bus:process "a", bus:process "b"
    bus.settle()
    run(function() a:leave() end)
    assert.equal("", names(b))
    pass(11) -- it has its lease still, and is asked, but keeps silent
    assert.equal("", names(b))
  end)

  it("are still told things while one of them has no room for more", function()
    local a = bus:process "a"
    bus:process "b"
    bus:process "c"
    bus.settle()
    local send = a.carrier.send
    function a.carrier:send(name, text)
      if name == "b" then
        return nil, { code = "full", message = "too much lies there" }
      end
      return send(self, name, text)
    end
    run(function() a:send("b", { type = "ping" }) end)
    assert.is_false(a.is_cut)
    assert.same({ "b c", 1 }, { names(a), a.counts.failed })
  end)

  it("do not meet anybody any more once they have said bye", function()
    local a = bus:process "a"
    bus.settle()
    run(function() a:leave() end)
    local b = bus:process "b"
    pass(3)
    assert.same({ "", "" }, { names(a), names(b) })
  end)

  it("forget who is found dead, by a look or by a message to it", function()
    local left = {}
    local a = bus:process "a"
    a:watch { left = function(_, peer) table.insert(left, peer.name) end }
    bus:process "b"
    bus:process "c"
    bus.settle()
    bus:kill "b"
    pass(11)
    assert.equal("c", names(a))
    bus:kill "c"
    run(function() assert.is_false(a:send("c", { type = "ping" })) end)
    assert.same({ "", "b", "c" }, { names(a), left[1], left[2] })
  end)

  it("keep who they know while it cannot be found out who lives", function()
    local a = bus:process "a"
    bus:process "b"
    bus.settle()
    bus.is_down = true
    pass(30)
    assert.same({ "b", 1 }, { names(a), said(a, "cannot be found out") })
  end)

  it("tell a newcomer what there is to know, after the hello", function()
    local a, got = bus:process "a", {}
    a:watch { told = function() return { { type = "news", n = 1 }, { type = "news", n = 2 } } end }
    local b = bus:process "b"
    b:watch { met = function() table.insert(got, "met") end }
    b:on("news", function(_, peer, message) table.insert(got, peer.name .. message.n) end)
    bus.settle()
    assert.same({ "met", "a1", "a2" }, got)
  end)

  it("tell anew who has missed a message", function()
    local a, met = bus:process "a", 0
    local b = bus:process "b"
    b:watch { met = function() met = met + 1 end }
    bus.settle()
    bus.is_down = true
    run(function() assert.is_nil((a:send("b", { type = "news" }))) end)
    assert.equal(1, said(a, "other processes of the app cannot be reached"))
    bus.is_down = false
    local before = met
    pass(11)
    assert.is_true(met > before)
  end)

  it("ignore what cannot be read, with one line", function()
    local a, b = bus:process "a", bus:process "b"
    bus.settle()
    for _, text in ipairs {
      "", "{", "[]", "7", '"x"', "null", "{}", '{"v":1,"from":"b"}',
      '{"v":0,"from":"b","type":"ping"}',
      '{"v":"1","from":"b","type":"ping"}', '{"v":1,"from":"","type":"ping"}',
      '{"v":1,"from":{},"type":"ping"}', '{"v":1,"from":"b","type":"hello"}',
      '{"v":1,"from":"b","type":"hello","origin":"me"}',
      json.encode { v = 1, from = ("b"):rep(10000), type = "ping" },
    } do
      a:receive(text)
    end
    assert.same({ 15, 1, "b", "a" },
      { a.counts.ignored, said(a, "cannot be read") + said(a, "is not what it should be"),
        names(a), names(b) })
  end)

  it("take what a newer version says too, but for what they do not know", function()
    local a = bus:process "a"
    bus.settle()
    local hello = { v = 7, from = "z", type = "hello", origin = own_ids.origin(), mood = "good" }
    a:receive(json.encode(hello))
    assert.same({ "z", 7 }, { names(a), a.by_name.z.version })
    for _ = 1, 3 do
      a:receive(json.encode { v = 7, from = "z", type = "dance", partners = { 1 } })
    end
    assert.same({ 3, 1 }, { a.counts.ignored, said(a, "whose version of the protocol is 7") })
  end)

  it("send no more to one that reads nothing, until it does", function()
    local a, b = bus:process "a", bus:process "b"
    bus.settle()
    local reads = bus.alive.b
    bus.alive.b = function() end
    run(function()
      for _ = 1, 1000 do
        a:send("b", { type = "news" })
      end
    end)
    local count = #bus:sent "news"
    assert.is_true(count > 400 and count < 600, count)
    assert.same({ true, 1 }, { a.by_name.b.is_silent, said(a, "reads none of its messages") })
    pass(60)
    assert.equal(count, #bus:sent "news")
    assert.is_true(#bus:sent "ping" < 10)
    bus.alive.b = reads
    local met = 0
    b:watch { met = function() met = met + 1 end }
    pass(11)
    assert.is_false(a.by_name.b.is_silent)
    assert.is_true(met > 0, "it is told anew")
  end)

  it("say hello once to a stranger that sends something", function()
    local a = bus:process "a"
    bus.settle()
    bus.alive.s = function() end
    for _ = 1, 5 do
      a:receive(json.encode { v = 1, from = "s", type = "waits" })
    end
    bus.settle()
    assert.equal(1, #bus:sent "hello")
  end)

  it("are called by host and process id in the log", function()
    local name = owner.new()
    assert.matches("^[^.:]+:%d+$", owner.label(name))
    local a = bus:process "a"
    bus:process(name)
    bus.settle()
    assert.equal(1, said(a, ("the process %s is a peer now"):format(owner.label(name))))
  end)

  it("take nothing once they are closed", function()
    local a, b = bus:process "a", bus:process "b"
    bus.settle()
    a:close()
    a:receive(json.encode { v = 1, from = "z", type = "hello", origin = own_ids.origin() })
    assert.equal("", names(a))
    run(function() assert.is_false(a:send("b", { type = "ping" })) end)
    assert.equal("a", names(b))
  end)
end)
