local core = require "slack.core"
local files = require "support.files"

local function texts_of(mailbox)
  local texts = {}
  local source, _, _, _, text = mailbox:take()
  while source do
    texts[#texts + 1] = text
    source, _, _, _, text = mailbox:take()
  end
  return texts
end

local function is_readable(fd)
  local poller, ready = core.poller(), {}
  assert(poller:add(fd))
  local count = poller:wait(0, ready)
  poller:close()
  return count == 1
end

describe("mailbox", function()
  local mailbox, log

  before_each(function()
    mailbox = core.mailbox()
    log = core.log(mailbox, 7, "debug")
  end)

  after_each(function()
    mailbox:close()
  end)

  it("gives messages in their order, with their source and kind", function()
    log:write("info", "first")
    log:write("error", "second")
    assert.same({ 7, "log", "info", "lua", "first" }, { mailbox:take() })
    assert.same({ 7, "log", "error", "lua", "second" }, { mailbox:take() })
  end)

  it("gives nothing when nothing waits", function()
    assert.equal(0, select("#", mailbox:take()))
  end)

  it("is readable exactly while messages wait that were not begun to be taken", function()
    assert.is_false(is_readable(mailbox:fd()))
    log:write("info", "one")
    assert.is_true(is_readable(mailbox:fd()))
    mailbox:take()
    mailbox:take()
    assert.is_false(is_readable(mailbox:fd()))
    log:write("info", "two")
    assert.is_true(is_readable(mailbox:fd()))
  end)

  describe("that hands out", function()
    local texts

    local function note(_, _, _, _, text)
      texts[#texts + 1] = text
    end

    before_each(function()
      texts = {}
      for i = 1, 5 do
        log:write("info", tostring(i))
      end
    end)

    it("gives so many at most, in their order, and tells whether more may wait", function()
      assert.is_true((mailbox:hand_out(note, 3)))
      assert.same({ "1", "2", "3" }, texts)
      assert.is_false((mailbox:hand_out(note, 3)))
      assert.same({ "1", "2", "3", "4", "5" }, texts)
      assert.is_false(is_readable(mailbox:fd()))
    end)

    it("ends when the handler pauses it or closes it", function()
      assert.is_true((mailbox:hand_out(function(...)
        note(...)
        if #texts == 2 then
          mailbox:pause()
        end
      end, 10)))
      assert.same({ "1", "2" }, texts)
      mailbox:hand_out(function(...)
        note(...)
        mailbox:close()
      end, 10)
      assert.same({ "1", "2", "3" }, texts)
    end)

    it("raises what the handler raises, and loses nothing else", function()
      assert.has_error(function()
        mailbox:hand_out(function(_, _, _, _, text) error(text, 0) end, 10)
      end, "1")
      mailbox:hand_out(note, 10)
      assert.same({ "2", "3", "4", "5" }, texts)
    end)
  end)

  it("keeps apart what several objects send", function()
    local other = core.log(mailbox, 4294967295, "debug")
    other:write("warn", "theirs")
    log:write("warn", "ours")
    assert.equal(4294967295, (mailbox:take()))
    assert.equal(7, (mailbox:take()))
  end)

  it("tells how much waits", function()
    assert.same({ 0, 0 }, { mailbox:load() })
    log:write("info", "one")
    log:write("info", "two")
    local count, bytes = mailbox:load()
    assert.equal(2, count)
    assert.is_true(bytes > 0)
    mailbox:take()
    mailbox:take()
    assert.same({ 0, 0 }, { mailbox:load() })
  end)

  it("drops what waits and what still comes when it is closed", function()
    log:write("info", "waits")
    mailbox:close()
    log:write("info", "comes late")
    mailbox:close()
    assert.error_matches(function()
      mailbox:take()
    end, "has been closed")
  end)

  it("may be collected before the objects that send to it", function()
    local orphan = core.log(core.mailbox(), 1, "debug")
    orphan:write("info", "to nobody")
    collectgarbage()
    orphan:write("info", "to nobody")
    orphan = nil -- luacheck: ignore 311
    collectgarbage()
  end)

  it("refuses what is not a mailbox, and marks that are none", function()
    assert.has_error(function()
      mailbox.take(io.stdout)
    end)
    assert.has_error(function()
      mailbox.take {}
    end)
    assert.has_error(function()
      core.mailbox(-1)
    end)
  end)

  it("loses and doubles nothing between threads, and holds a producer back", function()
    local directory <close> = files.temporary()
    local program = directory.path .. "/stress"
    local ok, output = files.run(("%s -std=c11 -D_GNU_SOURCE -O1 -g -fsanitize=thread -pthread "
      .. "-Isrc -o %s spec/support/mailbox_stress.c src/mailbox.c src/wake.c && %s")
      :format(os.getenv("CC") or "cc", program, "env -u LD_PRELOAD " .. program))
    assert.is_true(ok, output)
  end)
end)

describe("core.log", function()
  local mailbox, log

  before_each(function()
    mailbox = core.mailbox()
    log = core.log(mailbox, 7, "info")
  end)

  after_each(function()
    mailbox:close()
  end)

  it("writes nothing below its level, which may change", function()
    log:write("debug", "a")
    log:write("info", "b")
    log:set_level("error")
    log:write("warn", "c")
    log:write("error", "d")
    log:set_level("off")
    log:write("error", "e")
    assert.same({ "b", "d" }, texts_of(mailbox))
  end)

  it("lets no text pretend to be two lines or move the cursor", function()
    log:write("info", "a\r\nERROR forged\27[2J\0rest")
    local text = texts_of(mailbox)[1]
    assert.equal("a  ERROR forged [2J", text)
  end)

  it("cuts lines that are too long", function()
    log:write("info", ("x"):rep(100000))
    assert.equal(4096, #texts_of(mailbox)[1])
  end)

  it("keeps a few hundred lines, and says how many it dropped (S224)", function()
    for i = 1, 300 do
      log:write("info", "line " .. i)
    end
    local texts = texts_of(mailbox)
    assert.equal(256, #texts)
    assert.equal("line 256", texts[256])
    log:write("info", "later")
    log:write("info", "last")
    assert.same({ "later (44 lines before this one were dropped)", "last" }, texts_of(mailbox))
  end)

  it("masks secrets before a line leaves its thread (S224)", function()
    log:write("info", "token xoxb-1234567890-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx end")
    local text = texts_of(mailbox)[1]
    assert.not_matches("AbCdEfGhIjKlMnOp", text, 1, true)
    assert.matches("^token xoxb%-.* end$", text)
  end)
end)

describe("core.redact", function()
  it("masks a token and leaves other text as it is", function()
    local token = "xapp-1-A0123456789-1234567890123-" .. ("0123456789abcdef"):rep(4)
    assert.not_matches("0123456789abcdef0123", core.redact("got " .. token), 1, true)
    assert.equal("plain text\n", core.redact("plain text\n"))
    assert.equal("", core.redact(""))
  end)
end)
