local Report = require "bench.report"

local function new_report()
  local lines = {}
  local report = Report.new({ rounds = 2, is_quick = false }, function(text)
    lines[#lines + 1] = text
  end)
  report.part = "part"
  return report, lines
end

local function column(fields)
  fields.get = fields.get or function(result) return result.cost end
  return fields
end

describe("bench.report", function()
  it("keeps a figure with its part and gives it as the text of a cell", function()
    local report = new_report()
    assert.equal("2.0 (1.0–3.0)", report:cell("%.1f", "group", "who", "what", { 1, 2, 3 }, "less"))
    assert.same({ {
      part = "part", group = "group", who = "who", what = "what", better = "less",
      values = { 1, 2, 3 },
    } }, report.figures)
  end)

  it("leaves a cell empty when there is no figure", function()
    local report = new_report()
    assert.equal("–", report:cell("%.1f", "group", "who", "what", nil))
    assert.same({}, report.figures)
  end)

  describe("running", function()
    local ours, theirs = { name = "lua-slack" }, { name = "other", is_foreign = true }

    it("goes on without a peer that fails, and keeps what it gave before", function()
      local report, lines = new_report()
      local runs = 0
      local results = report:run({ theirs, ours }, function(one)
        runs = runs + (one == theirs and 1 or 0)
        assert(one == ours or runs < 2, "it has died")
        return { value = 1 }
      end)
      assert.same({ 1, 2 }, { #results[theirs], #results[ours] })
      assert.matches("other is not measured from here on: .*it has died", lines[1])
      report:compare {
        group = "group", title = "Title", kind = "client", of = { ours, theirs },
        results = results, columns = {
          { name = "value", format = "%.0f", get = function(r) return r.value end },
        },
      }
      assert.truthy(lines[2]:find("| other | 1 |", 1, true), lines[2])
    end)

    it("does not ask it again, and has a row of its own for one that never ran", function()
      local report, lines = new_report()
      local runs = 0
      local results = report:run({ theirs, ours }, function(one)
        runs = runs + 1
        assert(one == ours, "it has died")
        return { value = 1 }
      end)
      assert.equal(3, runs)
      report:compare {
        group = "group", title = "Title", kind = "client", of = { ours, theirs },
        results = results, columns = {
          { name = "value", format = "%.0f", get = function(r) return r.value end },
        },
      }
      assert.truthy(lines[2]:find("| other | – |", 1, true), lines[2])
    end)

    it("fails when what is ours does", function()
      local report = new_report()
      assert.has_error(function() report:run({ ours }, function() error("it has died", 0) end) end,
        "it has died")
    end)
  end)

  it("prints a table as Markdown as soon as it is there", function()
    local report, lines = new_report()
    report:table { title = "Title", note = "a note", heads = { "a", "b" }, rows = { { "1", "2" } } }
    assert.same({ "\nTitle: a note\n\n| a | b |\n| --- | --- |\n| 1 | 2 |" }, lines)
    assert.equal("Title", report.tables[1].title)
  end)

  describe("measuring parts", function()
    it("goes on with the next one when one fails, and keeps what that had found", function()
      local report, lines = new_report()
      local written = 0
      report:measure({ "bad", "good" }, function(part)
        return function(one)
          one:add("group", "who", part, { 1 })
          assert(part == "good", "the disk is gone")
        end
      end, function() written = written + 1 end)
      assert.same({ "bad", "good" }, { report.figures[1].part, report.figures[2].part })
      assert.matches("the disk is gone", report.failed.bad)
      assert.is_nil(report.failed.good)
      assert.equal(2, written)
      assert.matches("bad FAILED.*the disk is gone", table.concat(lines, "\n"))
    end)

    it("says and keeps the seconds of each", function()
      local report, lines = new_report()
      report:measure({ "good" }, function() return function() end end, function() end)
      assert.is_true(report.seconds.good >= 0)
      assert.equal("\n(good took 0 s)", lines[1])
    end)

    it("passes over a part that cannot be loaded", function()
      local report = new_report()
      report:measure({ "none" }, function() error "no such part" end, function() end)
      assert.matches("no such part", report.failed.none)
    end)
  end)

  describe("comparing", function()
    local ours = { name = "lua-slack", is_ours = true }
    local theirs = { name = "other" }

    local function compare(fields)
      local report, lines = new_report()
      report:compare {
        group = "group", title = "Title", kind = "client", of = { ours, theirs },
        results = {
          [ours] = { { cost = 1, cpu_s = 2, threads = { lua = 1.5, idle = 0 } },
            { cost = 2, cpu_s = 4, threads = { lua = 3, idle = 0 } } },
          [theirs] = { { cost = 4 }, { cost = 8 } },
        },
        columns = fields.columns, with_threads = fields.with_threads,
      }
      return lines[1], report
    end

    it("sets what the others cost beside the first one, by round", function()
      local text = compare { columns = {
        column { name = "cost", format = "%.0f", is_cost = true, better = "less" },
      } }
      assert.truthy(text:find("| client | cost, lua-slack = 1 | cost |", 1, true))
      assert.truthy(text:find("| lua-slack | 1 | 2 (1–2) |", 1, true))
      assert.truthy(text:find("| other | 4.00 | 6 (4–8) |", 1, true))
    end)

    it("keeps a quiet column for the file alone", function()
      local text, report = compare { columns = {
        column { name = "cost", format = "%.0f", is_cost = true },
        column { name = "quiet", format = "%.0f", is_quiet = true },
      } }
      assert.is_nil(text:find("quiet", 1, true))
      local kept = 0
      for _, figure in ipairs(report.figures) do
        kept = kept + (figure.what == "quiet" and 1 or 0)
      end
      assert.equal(2, kept)
    end)

    it("says what each thread of the first one costs, but for those that cost nothing", function()
      local text = compare { with_threads = true, columns = {
        column { name = "other", format = "%.0f", get = function() return 7 end },
        column { name = "cost", format = "%.2f", is_cost = true },
      } }
      local row = "| of which the thread lua |  |  | 1.12 (0.75–1.50) |"
      assert.truthy(text:find(row, 1, true), text)
      assert.is_nil(text:find("idle", 1, true))
    end)

    it("does not say which way is good for what is not ours, but for the ratio", function()
      theirs.is_foreign = true
      local _, report = compare { columns = {
        column { name = "cost", format = "%.0f", is_cost = true, better = "less" },
      } }
      theirs.is_foreign = nil
      local better = {}
      for _, figure in ipairs(report.figures) do
        better[figure.who .. ": " .. figure.what] = figure.better or "none"
      end
      assert.same({
        ["lua-slack: cost"] = "less", ["other: cost"] = "none",
        ["other: cost, lua-slack = 1"] = "more",
      }, better)
    end)

    it("leaves a cell empty where there is no figure", function()
      local text = compare { columns = {
        column { name = "cost", format = "%.0f", is_cost = true },
        column { name = "own", format = "%.0f", get = function(r) return r.own end },
      } }
      assert.truthy(text:find("| other | 4.00 | 6 (4–8) | – |", 1, true), text)
    end)
  end)
end)
