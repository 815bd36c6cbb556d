local core = require "slack.core"

-- A descriptor that becomes readable when told to.
local function bell()
  local mailbox = core.mailbox()
  local log = core.log(mailbox, 1, "debug")
  return {
    fd = mailbox:fd(),
    ring = function()
      log:write("info", "ring")
    end,
    silence = function()
      repeat
      until not mailbox:take()
    end,
    mailbox = mailbox,
  }
end

describe("poller", function()
  local poller, ready

  before_each(function()
    poller, ready = assert(core.poller()), {}
  end)

  after_each(function()
    poller:close()
  end)

  it("tells which descriptors are readable", function()
    local first, second = bell(), bell()
    assert(poller:add(first.fd))
    assert(poller:add(second.fd))
    second.ring()
    assert.equal(1, poller:wait(0, ready))
    assert.equal(second.fd, ready[1])
    first.ring()
    assert.equal(2, poller:wait(0, ready))
    assert.same({ [first.fd] = true, [second.fd] = true }, { [ready[1]] = true, [ready[2]] = true })
  end)

  it("tells of a descriptor for as long as it is readable", function()
    local one = bell()
    assert(poller:add(one.fd))
    one.ring()
    assert.equal(1, poller:wait(0, ready))
    assert.equal(1, poller:wait(0, ready))
    one.silence()
    assert.equal(0, poller:wait(0, ready))
  end)

  it("ends the wait when a descriptor is readable already", function()
    local one = bell()
    assert(poller:add(one.fd))
    one.ring()
    assert.equal(1, poller:wait(nil, ready))
  end)

  it("waits no shorter than it was told", function()
    local before = core.monotonic()
    assert.equal(0, poller:wait(0.0105, ready))
    assert.is_true(core.monotonic() - before >= 0.0105)
  end)

  it("takes negative and tiny times as they are meant", function()
    assert.equal(0, poller:wait(-1, ready))
    assert.equal(0, poller:wait(1e-9, ready))
    assert.has_error(function()
      poller:wait(0 / 0, ready)
    end)
  end)

  it("forgets a removed descriptor", function()
    local one = bell()
    assert(poller:add(one.fd))
    one.ring()
    assert.is_true(poller:remove(one.fd))
    assert.equal(0, poller:wait(0, ready))
    local ok, message, code = poller:remove(one.fd)
    assert.is_nil(ok)
    assert.is_string(message)
    assert.equal("system", code)
  end)

  it("counts a descriptor once that was added twice", function()
    local one = bell()
    assert(poller:add(one.fd))
    assert(poller:add(one.fd))
    one.ring()
    assert.equal(1, poller:wait(0, ready))
  end)

  it("says why a descriptor cannot be added", function()
    local ok, message = poller:add(999999)
    assert.is_nil(ok)
    assert.matches("[Bb]ad file descriptor", message)
    assert.has_error(function()
      poller:add(-1)
    end)
  end)

  it("can be waited for by another poller", function()
    if poller:fd() == -1 then
      pending("poll(2) has no descriptor of its own")
      return
    end
    local one, outer = bell(), core.poller()
    assert(poller:add(one.fd))
    assert(outer:add(poller:fd()))
    assert.equal(0, outer:wait(0, ready))
    one.ring()
    assert.equal(1, outer:wait(0, ready))
    assert.equal(poller:fd(), ready[1])
    one.silence()
    assert.equal(0, outer:wait(0, ready))
    outer:close()
  end)

  it("reports more readable descriptors than fit one wait in the next", function()
    local bells, seen, count = {}, {}, 0
    for i = 1, 100 do
      bells[i] = bell()
      bells[i].ring()
      assert(poller:add(bells[i].fd))
    end
    local got = poller:wait(0, ready)
    while got > 0 do
      for i = 1, got do
        assert.is_nil(seen[ready[i]])
        seen[ready[i]], count = true, count + 1
        poller:remove(ready[i])
      end
      got = poller:wait(0, ready)
    end
    assert.equal(100, count)
  end)

  it("raises after it was closed, and closes twice without harm", function()
    poller:close()
    poller:close()
    assert.error_matches(function()
      poller:wait(0, ready)
    end, "has been closed")
  end)
end)
