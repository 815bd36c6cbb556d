local Process = require "support.process"
local arguments = require "slack.command.arguments"
local child = require "support.child"
local columns = require "slack.command.columns"
local command = require "slack.command"
local core = require "slack.core"
local files = require "support.files"
local logs = require "slack.log"
local paint = require "slack.command.paint"

-- Runs a line of words; what it wrote, complained and ended with.
local function run(line, options)
  options = options or {}
  local words, written, complained = {}, {}, {}
  for word in line:gmatch "%S+" do
    words[#words + 1] = word
  end
  local status = command.run(words, {
    write = function(text) written[#written + 1] = text end,
    complain = function(text) complained[#complained + 1] = text end,
    ask = function() return options.answer end,
    environment = function(name) return options.environment and options.environment[name] end,
  })
  return { status = status, written = table.concat(written), complained = table.concat(complained) }
end

local function misused(line, text)
  local ran = run(line)
  assert.same({ 2, "" }, { ran.status, ran.written })
  assert.truthy(ran.complained:find(text, 1, true), ran.complained)
  assert.matches("\nusage: lua%-slack", ran.complained)
end

describe("lua-slack", function()
  it("says what there is when it is asked, and when it is given nothing", function()
    local asked, silent = run "--help", run ""
    assert.same({ 0, "" }, { asked.status, asked.complained })
    assert.same({ 2, "" }, { silent.status, silent.written })
    assert.equal(asked.written, silent.complained)
    for _, name in ipairs { "inbox", "version", "--help" } do
      assert.truthy(asked.written:find("\n  " .. name .. " ", 1, true), asked.written)
    end
  end)

  it("has help at each level", function()
    for line, text in pairs {
      ["inbox --help"] = "usage: lua-slack inbox COMMAND",
      ["inbox list --help"] = "usage: lua-slack inbox list [options] [STORE]",
      ["inbox retry --all --help"] = "usage: lua-slack inbox retry [options] {ID… | --all} [STORE]",
      ["inbox drop -h"] = "usage: lua-slack inbox drop",
      ["help inbox list"] = "usage: lua-slack inbox list [options] [STORE]",
      ["help run"] = "usage: lua-slack run [options] [BOT]",
      ["version --help"] = "usage: lua-slack version\n",
    } do
      local ran = run(line)
      assert.same({ 0, "" }, { ran.status, ran.complained })
      assert.truthy(ran.written:find(text, 1, true), ran.written)
    end
  end)

  it("tells versions", function()
    for _, line in ipairs { "version", "--version" } do
      local ran = run(line)
      assert.equal(0, ran.status)
      assert.matches("^lua%-slack +%d+%.%d+%.%d+\n", ran.written)
      assert.matches("\nsqlite +%d", ran.written)
      assert.matches("\nlibwebsockets +[%d.]+\n", ran.written)
    end
  end)

  it("advises where a word is almost right, and names them all where it is not", function()
    misused("inbxo list", [[lua-slack: there is no command "inbxo"; did you mean "inbox"?]])
    misused("inbox lst", [[lua-slack inbox: there is no command "lst"; did you mean "list"?]])
    misused("inbox show", [[there is no command "show"; there are list, retry, drop]])
    misused("--colour", [[there is no option "--colour"]])
    misused("inbox list --jsno", [[there is no option "--jsno"; did you mean "--json"?]])
    misused("inbox list --state=daed sqlite:x",
      '--state: one of dead, waiting, taken, delayed, all expected, got "daed"; '
        .. 'did you mean "dead"?')
    misused("version now", [[it takes no words, got "now"]])
  end)

  it("shows the usage of what was meant where it is called wrongly", function()
    for line, text in pairs {
      ["frobnicate"] = "usage: lua-slack COMMAND\n",
      ["--frobnicate"] = "usage: lua-slack COMMAND\n",
      ["inbox frobnicate"] = "usage: lua-slack inbox COMMAND\n",
      ["version now"] = "usage: lua-slack version\n",
      ["run --frobnicate"] = "usage: lua-slack run [options] [BOT]",
      ["new"] = "usage: lua-slack new NAME\n",
      ["replay"] = "usage: lua-slack replay [options] FILE",
    } do
      misused(line, text)
    end
  end)
end)

describe("lua-slack inbox", function()
  it("wants to know which store", function()
    misused("inbox list", "which store? Give STORE, sqlite:PATH for instance, or set SLACK_STORAGE")
    misused("inbox list bot.db", [[did you mean "sqlite:bot.db"?]])
    misused("inbox list memory:", "what is in memory is seen by its process alone")
    misused("inbox list sqlite:a sqlite:b", "one STORE expected, got 2 words")
    misused("inbox retry 1 ./bot.db", [["./bot.db" is no ID; did you mean "sqlite:./bot.db"?]])
  end)

  it("takes the store of the environment where none is given", function()
    local ran = run("inbox list", { environment = { SLACK_STORAGE = "sqlite:/nowhere/bot.db" } })
    assert.same({ 1, "lua-slack inbox list: there is no file /nowhere/bot.db\n" },
      { ran.status, ran.complained })
    ran = run("inbox list", { environment = { SLACK_STORAGE = "bot.db" } })
    assert.equal(2, ran.status)
    assert.matches("SLACK_STORAGE: ", ran.complained)
  end)

  it("wants to know which entries", function()
    misused("inbox retry sqlite:x", "which ones? Give their IDs, or --all")
    misused("inbox drop --all 7 sqlite:x", [[--all and "7" exclude each other]])
    misused("inbox list --limit=0 sqlite:x", "--limit: a number of at least 1 expected")
    misused("inbox list --limit", "--limit: N is missing")
    misused("inbox list --json=yes sqlite:x", "--json takes no value")
  end)

  it("makes no file by looking for one", function()
    local directory <close> = files.temporary()
    local path = directory.path .. "/bot.db"
    assert.equal(1, run("inbox list sqlite:" .. path).status)
    assert.same({}, files.list(directory.path, ""))
  end)

  it("drops nothing that a person at a terminal does not confirm", function()
    local ran = run("inbox drop --all sqlite:/nowhere/bot.db", { answer = "" })
    assert.same({ 1, "lua-slack inbox drop: nothing was changed\n" },
      { ran.status, ran.complained })
    ran = run("inbox drop --all --yes sqlite:/nowhere/bot.db", { answer = "" })
    assert.matches("there is no file", ran.complained)
    ran = run("inbox drop --all sqlite:/nowhere/bot.db", { answer = "yes" })
    assert.matches("there is no file", ran.complained)
  end)

  it("shows no password of a store's URL", function()
    for _, url in ipairs {
      "redis://bot:hunter2@127.0.0.1:1/0?timeout=0.1", "redis://bot:hunter2@127.0.0.1:1/x",
      "redis://bot:hunter2@", "sqlit:hunter2@x",
    } do
      local ran = run("inbox list --limit=1 " .. url)
      assert.is_true(ran.status > 0)
      assert.falsy((ran.written .. ran.complained):find "hunter2", ran.complained)
    end
  end)
end)

describe("the script lua-slack", function()
  it("runs in the tree, from any directory, and ends with the command's status", function()
    local pipe <close> = assert(io.popen("pwd", "r"))
    local here, modules = pipe:read "l", os.getenv "SLACK_CORE_DIR" or "build"
    local start = ("cd / && env -u LUA_PATH -u LUA_CPATH SLACK_CORE_DIR=%s %s %s "):format(
      Process.quote(modules:find "^/" and modules or here .. "/" .. modules), child.interpreter(),
      Process.quote(here .. "/lua/slack/command/main.lua"))
    local ok, output = files.run(start .. "version")
    assert.is_true(ok, output)
    assert.matches("^lua%-slack ", output)
    local _, status = files.run(start .. "nothing; echo status $?")
    assert.matches("status 2\n$", status)
    local _, full = files.run(start .. "version 2>&1 >/dev/full; echo status $?")
    assert.matches("the output cannot be written: .*\nstatus 1\n$", full)
    assert.equal("", select(2, files.run(start .. "version 2>&1 | true")))
  end)

  it("ends without a traceback when it is interrupted", function()
    -- By Lua's own program, which makes an error of SIGINT; no module of C is loaded.
    local _, output = files.run("lua5.4 -e " .. Process.quote [[
      package.preload["slack.command"] = function()
        return { terminal = function() end, run = function()
          io.popen "kill -INT $PPID":close()
          while true do end
        end }
      end
    ]] .. " lua/slack/command/main.lua inbox list sqlite:x.db; echo status $?")
    assert.equal("\nstatus 130\n", output)
  end)
end)

describe("colors", function()
  local is_terminal, getenv = core.is_terminal, os.getenv
  local environment

  before_each(function()
    environment = {}
    core.is_terminal = function(stream) return stream == 2 end
    os.getenv = function(name) return environment[name] end -- luacheck: ignore 122
  end)

  after_each(function()
    core.is_terminal, os.getenv = is_terminal, getenv -- luacheck: ignore 122
  end)

  it("are for terminals alone, and for those who want them", function()
    local terminal = command.terminal()
    assert.equal("bad", paint(terminal, 1, "red", "bad"))
    assert.equal("\27[31mbad\27[0m", paint(terminal, 2, "red", "bad"))
    environment.NO_COLOR = ""
    assert.equal("\27[31mbad\27[0m", paint(terminal, 2, "red", "bad"))
    environment.NO_COLOR = "1"
    assert.equal("bad", paint(terminal, 2, "red", "bad"))
    assert.equal("bad", paint({}, 2, "red", "bad"))
  end)

  it("are there in the log by the same rule", function()
    local written, stderr = {}, io.stderr
    io.stderr = { write = function(_, text) written[#written + 1] = text end } -- luacheck: ignore
    for _, value in ipairs { "", "1" } do
      environment.NO_COLOR = value
      logs.new({}):error "x"
    end
    io.stderr = stderr -- luacheck: ignore 122
    assert.matches("^\27", written[1])
    assert.not_matches("\27", written[2])
  end)
end)

describe("arguments of a command", function()
  local COMMAND = {
    words = "[WORD]",
    options = {
      { name = "count", value = "N", check = arguments.count, default = 3 },
      { name = "name", value = "TEXT" }, { name = "all" },
    },
  }

  it("stand before or after words, with a value behind = or a space", function()
    for _, words in ipairs {
      { "--count=7", "--name", "x=y", "a", "b", "--all" },
      { "a", "--name=x=y", "b", "--count", "7", "--all" },
    } do
      assert.same({ count = 7, name = "x=y", all = true, words = { "a", "b" } },
        arguments.read(COMMAND, words))
    end
  end)

  it("have their defaults, and end at --", function()
    assert.same({ count = 3, words = { "--all", "-" } },
      arguments.read(COMMAND, { "--", "--all", "-" }))
  end)
end)

describe("columns", function()
  it("are as wide as their widest text, in characters", function()
    assert.equal("ä    1\nbcd  22\n", columns.format { { "ä", "1" }, { "bcd", "22" } })
    assert.equal("ab\nabc  d\n", columns.format { { "ab", "" }, { "abc", "d" } })
  end)

  it("have one line for whatever stands in a text", function()
    assert.equal("a b?[31mc", columns.one_line("a\n\tb\27[31mc", 40))
    assert.equal("ääää…", columns.one_line(("ä"):rep(9), 5))
    assert.equal("\u{FFFD}\u{FFFD}…", columns.one_line(("\xff"):rep(9), 3))
    assert.equal("ä\u{FFFD}ä…", columns.one_line("ä\xff" .. ("ä"):rep(9), 4))
    assert.equal("a?31mb", columns.one_line("a\u{9B}31mb", 40))
    assert.equal("ääääá", columns.one_line("ääääá", 5))
  end)
end)
