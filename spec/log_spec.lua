local child = require "support.child"
local clock = require "support.clock"
local json = require "slack.json"
local logs = require "slack.log"
local loop = require "slack.loop"
local tasks = require "slack.tasks"

local TOKEN = "xoxb-1234567890-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
local WEBHOOK = "https://hooks.slack.com/services/T00000000/B00000000/SeCrEtSeCrEtSeCrEtSeCrEt"

describe("log", function()
  local lines, records

  before_each(function()
    lines, records = {}, {}
  end)

  local function sink(line, record)
    lines[#lines + 1] = line
    records[#records + 1] = record
  end

  local function new(options)
    options = options or {}
    options.sink = options.sink or sink
    return logs.new(options)
  end

  describe("levels", function()
    it("hold back what is below them", function()
      for level, count in pairs { debug = 4, info = 3, warn = 2, error = 1, off = 0 } do
        lines = {}
        local log = new { level = level }
        log:debug "d"
        log:info "i"
        log:warn "w"
        log:error "e"
        assert.equal(count, #lines)
        assert.equal(level, log:level())
      end
    end)

    it("hold back the formatting too", function()
      local formatted = false
      new():debug("%s", setmetatable({}, { __tostring = function()
        formatted = true
        return ""
      end }))
      assert.is_false(formatted)
    end)

    it("can be changed for all loggers of a family", function()
      local log = new { level = "error" }
      local derived = log:with { a = 1 }
      assert.is_false(derived:is_enabled "info")
      log:set_level "info"
      assert.is_true(derived:is_enabled "info")
      derived:info "now"
      assert.equal(1, #lines)
    end)
  end)

  describe("options", function()
    it("are checked, and named when they are wrong", function()
      for message, options in pairs {
        ["log: unknown option colors"] = { colors = true },
        ["log: level: \"debug\", \"info\", \"warn\", \"error\" or \"off\" expected, got loud"] =
          { level = "loud" },
        ["log: format: \"text\" or \"json\" expected, got xml"] = { format = "xml" },
        ["log: sink: function expected, got string"] = { sink = "file" },
      } do
        local ok, err = pcall(function()
          logs.new(options)
        end)
        assert.is_false(ok)
        assert.matches("^spec/log_spec.lua:%d+: ", err)
        assert.equal(message, (err:gsub("^%S+ ", "")))
      end
    end)
  end)

  describe("messages", function()
    it("are formatted as by string.format, and taken as they are without arguments", function()
      local log = new()
      log:info("%d of %s", 3, "x")
      log:info "100% done"
      assert.equal("3 of x", records[1].message)
      assert.equal("100% done", records[2].message)
    end)

    it("that are formatted wrongly still say what they were given", function()
      new():warn("%d things", "many")
      assert.equal("%d things many", records[1].message)
    end)

    it("may be errors of any type", function()
      local log = new()
      log:error(setmetatable({}, { __tostring = function() return "an error table" end }))
      log:error(nil)
      assert.equal("an error table", records[1].message)
      assert.equal("nil", records[2].message)
    end)
  end)

  describe("text", function()
    it("is one line with time, level, who speaks, message and fields (S034)", function()
      local log = new { name = "hello" }
      log:with({ component = "socket_mode", connection = 1, url = "a b" }):warn "closed"
      assert.matches("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d%.%d%d%d  WARN   hello/socket_mode  "
        .. "closed  connection=1  url=\"a b\"$", lines[1])
    end)

    it("keeps its columns in line", function()
      local log = new { level = "debug" }
      log:info "message"
      log:with({ component = "a" }):debug "message"
      assert.equal(lines[1]:find "message", (lines[2]:find "message"))
    end)

    it("never lets a message pretend to be two lines or steer the terminal", function()
      new():info("first\n2026-01-01 00:00:00.000  ERROR  forged\27[2J\r\8")
      local _, newlines = lines[1]:gsub("\n", "")
      assert.equal(1, newlines)
      assert.matches("\n    2026%-01%-01", lines[1])
      assert.matches("\\x1b[2J\\x0d\\x08", lines[1], 1, true)
      new():with({ x = "a\nb" }):info "m"
      assert.matches('x="a\\nb"', lines[2], 1, true)
      new():with({ x = "\xC2\x9B2J" }):info "\xC2\x9B2J \xC2\xA9"
      assert.matches("\\u{9b}2J \xC2\xA9  x=\\u{9b}2J", lines[3], 1, true)
    end)

    it("never lets a message be seen in another order", function()
      new():info "a\u{202E}b\u{2067}c\u{2028}d \u{2026}\u{200F}\u{5D0}"
      assert.matches("a\\u{202e}b\\u{2067}c\\u{2028}d \u{2026}\u{200F}\u{5D0}", lines[1], 1, true)
    end)

    it("is colored only when asked, or on a terminal", function()
      new():error "plain"
      new({ color = true }):error "red"
      assert.not_matches("\27", lines[1])
      assert.matches("^\27%[31m.*\27%[0m$", lines[2])
    end)
  end)

  describe("json", function()
    it("is one object a line", function()
      local log = new { format = "json", name = "hello" }
      log:with({ component = "dispatch", count = 3, list = { 1, 2 } }):info("a \"b\"\nc")
      assert.not_matches("\n", lines[1])
      local object = assert(json.decode(lines[1]))
      assert.matches("^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$", object.time)
      object.time = nil
      assert.same({
        level = "info", app = "hello", component = "dispatch", message = "a \"b\"\nc",
        count = 3, list = { 1, 2 },
      }, object)
    end)

    it("steers no terminal, and says what was said", function()
      local text = "a\u{9B}2J\u{202E}b\u{2066}c"
      new({ format = "json" }):info(text)
      assert.matches("a\\u009b2J\\u202eb\\u2066c", lines[1], 1, true)
      assert.equal(text, json.decode(lines[1]).message)
    end)

    it("writes what JSON has no form for as text", function()
      new({ format = "json" }):with({ fn = print, nan = 0 / 0 }):info "m"
      local object = assert(json.decode(lines[1]))
      assert.matches("^function: ", object.fn)
      assert.matches("nan", object.nan)
    end)
  end)

  describe("secrets", function()
    it("are masked in messages, fields and tables, in text and JSON (S224)", function()
      for _, format in ipairs { "text", "json" } do
        local log = new { format = format }
        log:info("token %s", TOKEN)
        log:with({ token = TOKEN }):info "field"
        log:with({ nested = { deep = { TOKEN } } }):info "table"
        log:with({ url = WEBHOOK }):info "url"
        log:with({ [TOKEN] = 1 }):info "name"
      end
      assert.equal(10, #lines)
      for i, line in ipairs(lines) do
        assert.not_matches("AbCdEfGhIjKlMnOp", line, 1, true)
        assert.not_matches("SeCrEtSeCrEt", line, 1, true)
        if i > 5 then
          assert(json.decode(line))
        end
      end
      assert.not_matches("AbCdEfGhIjKlMnOp", records[1].message, 1, true)
    end)
  end)

  describe("with", function()
    it("adds fields, and leaves the logger it was made from alone", function()
      local log = new()
      local one = log:with { a = 1, b = 1 }
      one:with({ b = 2 }):info "both"
      log:info "none"
      assert.same({ a = 1, b = 2 }, records[1].fields)
      assert.same({}, records[2].fields)
    end)
  end)

  it("writes each line to stderr at once, so that those of several processes stay whole", function()
    local ok, output = child.run [[
      local writes = {}
      local stderr = io.stderr
      io.stderr = { write = function(_, ...)
        table.insert(writes, select("#", ...) == 1 and ... or "in parts")
        return stderr:write(...)
      end }
      local log = require "slack.log"
      log.new({ color = false }):info "plain"
      log.new({ format = "json" }):warn "structured"
      log.new({ sink = function() error "disk full" end }):error "lost"
      for _, text in ipairs(writes) do
        print("write", text:match "^[^\n]+\n$" and "whole" or text)
      end
    ]]
    assert.is_true(ok, output)
    local _, whole = output:gsub("write%s+whole", "")
    assert.equal(4, whole, output)
  end)

  describe("sink", function()
    it("gets everything, whatever the level of stderr (S022)", function()
      new({ level = "debug" }):debug "to the sink"
      assert.equal("debug", records[1].level)
      assert.is_number(records[1].time)
    end)

    it("that fails loses no line and harms nobody", function()
      local ok, output = child.run [[
        local log = require("slack.log").new { sink = function() error "disk full" end }
        log:info "first"
        log:info "second"
        print "went on"
      ]]
      assert.is_true(ok, output)
      local _, told = output:gsub("the sink failed: [^\n]*disk full", "")
      assert.equal(1, told)
      assert.matches("first.*second", output)
      assert.matches("went on", output)
    end)

    it("that fails with a secret in its error does not give that away (S224)", function()
      local _, output = child.run(([[
        require("slack.log").new { sink = function() error "cannot post with %s" end }:info "x"
      ]]):format(TOKEN))
      assert.matches("the sink failed: [^\n]*cannot post with xoxb%-%*%*%*", output)
      assert.not_matches("AbCdEfGhIjKlMnOp", output, 1, true)
    end)

    it("that logs itself does not go round in circles", function()
      local ok, output = child.run [[
        local log
        log = require("slack.log").new { sink = function(line)
          print("sink", line)
          log:info "from inside"
        end }
        log:info "outer"
      ]]
      assert.is_true(ok, output)
      local _, count = output:gsub("from inside", "")
      assert.equal(1, count)
    end)

    it("may wait, and others log meanwhile", function()
      local previous = loop.use((clock.loop()))
      local log = new { sink = function(line, record)
        tasks.sleep(1)
        sink(line, record)
      end }
      tasks.all {
        function() log:info "one" end,
        function() log:info "two" end,
      }
      loop.use(previous)
      assert.equal("one", records[1].message)
      assert.equal("two", records[2].message)
    end)
  end)

  describe("core", function()
    local previous

    before_each(function()
      previous = loop.use((clock.loop()))
    end)

    after_each(function()
      loop.use(previous)
    end)

    it("brings the lines of C threads into the same log", function()
      local log = new { name = "hello" }
      assert.equal(log:core(), log:with({ a = 1 }):core())
      log:core():write("warn", "from C " .. TOKEN)
      loop.step(0)
      assert.equal("warn", records[1].level)
      assert.equal("lua", records[1].component)
      assert.matches("hello/lua", lines[1])
      assert.not_matches("AbCdEfGhIjKlMnOp", lines[1], 1, true)
    end)

    it("follows the level", function()
      local log = new { level = "error" }
      log:core():write("info", "held back")
      log:set_level "info"
      log:core():write("info", "written")
      loop.step(0)
      assert.equal(1, #records)
      assert.equal("written", records[1].message)
    end)
  end)

  it("writes to stderr by default", function()
    local ok, output = child.run [[
      local log = require("slack.log")
      log.default():info "hello"
      log.default():debug "not shown"
    ]]
    assert.is_true(ok, output)
    assert.matches("INFO .*hello\n$", output)
    assert.not_matches("not shown", output)
  end)
end)

describe("what is logged and printed", function()
  it("goes into no connection where the program was started without an output", function()
    for _, closed in ipairs { "2>&-", ">&- 2>&-", "<&- >&- 2>&-" } do
      assert.is_true((child.run([[
        local core = require "slack.core"
        local mailbox, poller = core.mailbox(), core.poller()
        assert(mailbox:fd() > 2 and poller:fd() > 2)
        assert(io.stdout:write "said" and io.stdout:flush() and io.stderr:write "logged")
      ]], "exec " .. closed)), closed)
    end
  end)
end)

describe("errors without an owner", function()
  it("are in the default log: of callbacks and of tasks", function()
    local ok, output = child.run [[
      local loop, tasks = require "slack.loop", require "slack.tasks"
      loop.defer(error, "broken callback")
      tasks.spawn(error, "broken task").name = "greeter"
      loop.step(0)
      loop.step(0)
    ]]
    assert.is_true(ok, output)
    assert.matches("ERROR.*in a callback of the loop: broken callback\n    stack traceback", output)
    assert.matches("ERROR.*error in task greeter: broken task\n    stack traceback", output)
  end)
end)
