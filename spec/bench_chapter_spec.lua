local chapter = require "bench.chapter"

local DOCUMENT <const> = {
  rounds = 5, figures = {}, failed = {}, seconds = {},
  around = {
    date = "2026-01-05T00:00:00Z", commit = "abc1234",
    machine = { processors = 2, model = "Abacus", system = "Linux", load = 0.1 },
    versions = { libcurl = "7", libwebsockets = "4", openssl = "3", lua = "5.4" },
  },
  tables = {
    { title = "Shown", heads = { "a" }, rows = { { "1" } } },
    { title = "Detail", heads = { "a" }, rows = { { "1" } }, is_detail = true },
  },
}

describe("bench.chapter", function()
  local before = "# x\n\n## Promises\n\nall\n\n## Measured\n\nold text\n\n### part\n\n"
    .. "## Limits\n\nsome\n"

  it("stands in the place of the old one, and nothing else changes", function()
    local after = assert(chapter.replace(before, DOCUMENT))
    assert.equal("# x\n\n## Promises\n\nall\n\n", after:match "^(.-)## Measured")
    assert.equal("\n\n## Limits\n\nsome\n", after:match "(\n\n## Limits.*)$")
    assert.is_nil(after:find("old text", 1, true))
    assert.is_nil(after:find("### part", 1, true))
  end)

  it("holds the tables that are no details, and says what was run where", function()
    local text = chapter.text(DOCUMENT)
    assert.truthy(text:find("\nShown\n\n| a |\n| --- |\n| 1 |\n", 1, true))
    assert.is_nil(text:find("Detail", 1, true))
    assert.truthy(text:find("2026-01-05, commit abc1234: 2 processors (Abacus)", 1, true))
    assert.truthy(text:find("Medians of 5 rounds", 1, true))
  end)

  it("can be written twice", function()
    local once = assert(chapter.replace(before, DOCUMENT))
    assert.equal(once, chapter.replace(once, DOCUMENT))
  end)

  it("leaves the sizes as they are when the run has no figures for them", function()
    local text = before .. "\n#### Sizes\n\nold\n\n### Errors\n"
    assert.truthy(assert(chapter.replace(text, DOCUMENT)):find("#### Sizes\n\nold\n", 1, true))
  end)

  it("is refused by a text without one", function()
    assert.is_nil((chapter.replace("# x\n\n## Limits\n", DOCUMENT)))
  end)
end)

describe("bench.chapter.with_seconds", function()
  local before <const> = "# x\n\n| part | measures | seconds |\n| --- | --- | --- |\n"
    .. "| `http` | on 200 | 7 |\n| `inbox` | each | 200 |\n| `relays` | other | 25 |\n\nend\n"

  local function with(seconds, failed)
    return chapter.with_seconds(before, { seconds = seconds, failed = failed or {} })
  end

  it("gives each part that was run its seconds, and leaves the others theirs", function()
    local after = with { http = 12.4, inbox = 99.6 }
    assert.equal((before:gsub("| 7 |", "| 12 |"):gsub("each | 200 |", "each | 100 |")), after)
  end)

  it("takes none from a part that failed", function()
    assert.equal(before, with({ http = 1 }, { http = "why" }))
  end)
end)
