local Marks = require "slack.inbox.marks"
local loop = require "slack.loop"
local runtime = require "support.runtime"
local tasks = require "slack.tasks"

describe("marks of an inbox", function()
  local replaced, asked, marked, answers, marks

  before_each(function()
    replaced = runtime.replace()
    asked, marked, answers = {}, {}, {}
    marks = Marks.new {
      log = { warn = function() end },
      ask = function(operation, request)
        table.insert(asked, { operation, request, at = loop.now() })
        local err = answers[#asked]
        if err then
          return nil, err
        elseif operation == "fail" and request.by < 0 then
          return request.key ~= "lost" and "dead:" .. request.key
        end
        return true
      end,
      on_marked = function(ids) table.move(ids, 1, #ids, #marked + 1, marked) end,
    }
  end)

  after_each(function()
    replaced.restore()
  end)

  local function flush()
    return tasks.run(function() return marks:flush(1000) end)
  end

  it("go to the store so many at a time, each once", function()
    local all = {}
    for i = 1, 1100 do
      all[i] = "e" .. i
      marks:done(all[i])
    end
    assert.is_true(flush())
    local sizes = {}
    for i, one in ipairs(asked) do
      sizes[i] = select(2, one[2].value:gsub("[^\n]+", "%0"))
    end
    assert.same({ 500, 500, 100 }, sizes)
    assert.same(all, marked)
  end)

  it("that the store does not take are tried again less and less often", function()
    for i = 1, 7 do
      answers[i] = { code = "connection" }
    end
    marks:done "e1"
    assert.is_true(flush())
    local waits = {}
    for i = 2, #asked do
      waits[i - 1] = asked[i].at - asked[i - 1].at
    end
    assert.same({ 0.25, 0.5, 1, 2, 4, 5, 5 }, waits)
    assert.same({ "e1" }, marked)
  end)

  it("say where to see what is given up, once it is there and if it was this process's", function()
    local said = {}
    local function say(where) table.insert(said, where) end
    answers[1] = { code = "connection" }
    for _, id in ipairs { "e1", "lost", "e3" } do
      marks:failed(id, "it raised", -1, false, say)
    end
    marks:failed("e4", "it raised", 1)
    local early
    loop.after(0.1, function() early = #said end)
    assert.is_true(flush())
    assert.equal(1, early)
    local shown = "`lua-slack inbox list` shows it as dead:"
    assert.same({ shown .. "e3", shown .. "e1" }, said)
    answers[#asked + 1] = { code = "connection" }
    marks:failed("e5", "it raised", -1, false, say)
    assert.is_false(tasks.run(function() return marks:flush(0.1) end))
    marks:close({ tell_inbox = function() end }, 0)
    assert.equal("`lua-slack inbox list` shows it", said[3])
  end)

  it("are all tried again when one is not taken, with what has come meanwhile", function()
    answers[1] = { code = "connection" }
    marks:done "e1"
    marks:failed("e2", "it raised", 1.5)
    marks:back("e3", false)
    marks:back("e4", true)
    loop.after(0.1, function() marks:done "e5" end)
    assert.is_true(flush())
    local told = {}
    for i, one in ipairs(asked) do
      told[i] = ("%s %s %s %s"):format(one[1], one[2].key or one[2].value:gsub("\n", ","),
        one[2].by, one[2].meta)
    end
    assert.same({
      "done e1 nil nil", "done e1,e5 nil nil", "back e3 nil nil", "back e4 nil interrupted",
      "fail e2 1500 nil",
    }, told)
  end)

  it("are given to the store without waiting when all ends", function()
    marks:done "e1"
    marks:failed("e2", "it raised", -1)
    marks:back("e3", true)
    local told = {}
    marks:close({ tell_inbox = function(_, operation, request)
      table.insert(told, ("%s %s %d"):format(operation, request.key or request.value, request.now))
    end }, 7)
    table.sort(told)
    assert.same({ "back e3 7", "done e1 7", "fail e2 7" }, told)
    assert.is_true(flush())
    assert.same({}, asked)
  end)
end)
