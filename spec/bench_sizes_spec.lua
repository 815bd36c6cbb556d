local chapter = require "bench.chapter"
local files = require "support.files"
local sizes = require "bench.sizes"

local function figure(part, group, who, what, value)
  return { part = part, group = group, who = who, what = what, values = { value } }
end

local function figures_of_a_run()
  local redis = "redis, everysec"
  return {
    figure("inbox", "roles", redis, "receiver, CPU s per 100k events", 1.3),
    figure("inbox", "roles", redis, "worker, CPU s per 100k events", 4.1),
    figure("inbox", "roles", redis, "Redis, CPU s per 100k events", 5),
    figure("inbox", "1,000/s", redis, "CPU s per 100k events", 39),
    figure("inbox", "1,000/s", redis, "of Redis", 21),
    figure("inbox", "1,000/s", "sqlite, normal", "CPU s per 100k events", 30),
    figure("web_api", "32 at a time", "lua-slack", "CPU s per 10k calls", 1.15),
  }
end

describe("bench.sizes", function()
  local function holds(text, part)
    assert.truthy(text:find(part, 1, true), text)
  end

  it("works out what each number of workspaces takes", function()
    local text = assert(sizes.text(figures_of_a_run()))
    holds(text, "| 10 | 3, 83 | one process, SQLite | 0.083%, 2.5% of a processor |")
    holds(text, "| 11%, 45%; Redis 5.8%, 42% |")
    holds(text, "| 1.5 and more; Redis 1.4 |")
  end)

  it("says where Redis ends, and how many answered events a worker is good for", function()
    local text = assert(sizes.text(figures_of_a_run()))
    holds(text, "at 20,000 events a second, so 72,000 workspaces of 1,000 events an hour or 2,400")
    holds(text, "good for 6,400 answered events a second")
    holds(text, "2.8 times what the event does")
  end)

  it("begins with its heading and leaves no gap open", function()
    local text = assert(sizes.text(figures_of_a_run()))
    assert.equal(1, (text:find(sizes.HEADING, 1, true)))
    assert.is_nil(text:find("[{}]"))
    assert.is_nil(text:find("\n ", 1, true))
  end)

  it("takes the place of the one in the project's README, whose other chapters stay", function()
    local readme, list = files.read "README.md", figures_of_a_run()
    local after = assert(chapter.replace(readme, {
      figures = list, tables = {}, rounds = 5,
      around = { date = "2026-01-05", commit = "abc", machine = { processors = 2 }, versions = {
        libcurl = "7", libwebsockets = "4", openssl = "3", lua = "5.4",
      } },
    }))
    holds(after, "\n" .. sizes.text(list) .. "\n### Errors\n")
    assert.equal(readme:match "^(.-)#### Sizes", after:match "^(.-)#### Sizes")
    local between <const> = "\n### Errors.-\n## Measured"
    assert.equal(readme:match(between), after:match(between))
  end)

  it("is nothing without one of the figures it needs", function()
    for i = 1, #figures_of_a_run() do
      local list = figures_of_a_run()
      table.remove(list, i)
      assert.is_nil(sizes.text(list))
    end
  end)
end)
