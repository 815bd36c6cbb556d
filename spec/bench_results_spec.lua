local Report = require "bench.report"
local baseline = require "bench.baseline"
local child = require "support.child"
local files = require "support.files"
local results = require "bench.results"

local AROUND <const> = {
  date = "2026-01-05T00:00:00Z", commit = "abc", machine = {}, versions = {},
}

local function write_results(path, values)
  local report = Report.new({ rounds = #values, is_quick = false }, function() end)
  report.part = "socket_mode"
  report:add("wss", "lua-slack", "CPU s", values, "less")
  report.seconds.socket_mode = 1.5
  results.write(path, report, AROUND)
end

describe("bench.results", function()
  local directory, path

  before_each(function()
    directory = files.temporary()
    path = directory.path .. "/results.json"
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  it("reads what it has written: every figure's values, date, commit, seconds", function()
    write_results(path, { 1.25, 2.5 })
    local document = assert(results.read(path))
    assert.same({ { part = "socket_mode", group = "wss", who = "lua-slack", what = "CPU s",
      better = "less", values = { 1.25, 2.5 } } }, document.figures)
    assert.same({ 2, "abc", 1.5 },
      { document.rounds, document.around.commit, document.seconds.socket_mode })
    assert.equal("socket_mode: wss: lua-slack: CPU s", results.name(document.figures[1]))
    assert.same({}, document.failed)
  end)

  it("refuses what is no file of the bench", function()
    files.write(path, "{}")
    local document, err = results.read(path)
    assert.is_nil(document)
    assert.matches("no file of the bench", err)
    assert.is_nil((results.read(directory.path .. "/none")))
  end)

  describe("compared by the command", function()
    local function compare(old, new, more)
      write_results(path, old)
      write_results(path .. ".new", new)
      return files.run(("%s spec/bench/compare.lua '%s' '%s.new' %s"):format(
        child.interpreter(), path, path, more or ""))
    end

    it("say what has become worse", function()
      local ok, output = compare({ 1, 1.1, 1.2, 1.3, 1.4 }, { 2, 2.1, 2.2, 2.3, 2.4 })
      assert.is_true(ok)
      assert.truthy(output:find("| WORSE | socket_mode: wss: lua-slack: CPU s | 1.2 (1–1.4) | "
        .. "2.2 (2–2.4) | +83.3 % |", 1, true), output)
      assert.truthy(output:find("1 figures: 0 better, 1 worse", 1, true), output)
    end)

    it("leave out what has not moved, unless all is asked for", function()
      local same = { 1, 2, 3, 4, 5 }
      local _, output = compare(same, same)
      assert.is_nil(output:find("lua-slack: CPU s", 1, true))
      _, output = compare(same, same, "all")
      assert.truthy(output:find("| same | socket_mode: wss: lua-slack: CPU s |", 1, true), output)
    end)

    it("fail without a file that is one", function()
      local ok, output = files.run(child.interpreter()
        .. " spec/bench/compare.lua /nonexistent /nonexistent")
      assert.is_false(ok)
      assert.matches("bench%-compare: ", output)
    end)
  end)
end)

describe("bench.baseline", function()
  it("reads what it has written, one line for each version and figure", function()
    local directory <close> = files.temporary()
    local path = directory.path .. "/baseline.json"
    local given = { versions = { lua = "Lua 5.4.4" }, figures = { decode = 25000, ack = 17 } }
    assert(baseline.write(path, given))
    assert.same(given, baseline.read(path))
    assert.truthy(files.read(path):find('\n    "ack": 17,\n    "decode": 25000\n', 1, true))
  end)

  it("refuses what is none", function()
    local _, err = baseline.read "/nonexistent"
    assert.truthy(err)
  end)

  it("is there for every figure of the check, with what it was counted with", function()
    local stored = assert(baseline.read "spec/bench/instructions.json")
    assert.truthy(next(stored.figures))
    for _, name in ipairs { "compiler", "flags", "lua", "libc", "processor" } do
      assert.equal("string", type(stored.versions[name]), name)
    end
  end)
end)
