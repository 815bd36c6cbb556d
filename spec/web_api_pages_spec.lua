local WebServer = require "support.web_server"
local clients = require "slack.client"
local form = require "slack.form"
local json = require "slack.json"
local slack = require "slack"
local tasks = require "slack.tasks"

describe("client:pages and client:each", function()
  local server, asked

  after_each(function()
    server = server and server:stop()
  end)

  -- answer(args, number, request) gives a table, to be sent with ok = true.
  local function start(answer)
    asked = {}
    server = WebServer.start(function(request)
      local body = request.body
      local args = body:find "^{" and json.decode(body) or form.decode(body)
      table.insert(asked, args)
      local page = answer(args, #asked, request)
      if page then
        page.ok = page.ok ~= false
        return 200, json.encode(page)
      end
    end)
    return clients.new {
      token = "xoxb-1", api_url = server.url .. "/api/", proxy = "", log = "off", retries = 0,
    }
  end

  local function users(from, to, cursor)
    local members = slack.list {}
    for i = from, to do
      table.insert(members, { id = "U" .. i })
    end
    return { members = members, response_metadata = { next_cursor = cursor } }
  end

  -- U1 to U6 in three pages.
  local PAGES = { [""] = { 1, 2, "b=" }, ["b="] = { 3, 4, "c" }, c = { 5, 6, "" } }

  local function three_pages(args)
    return users(table.unpack(PAGES[args.cursor or ""]))
  end

  local function ids_of(...)
    local ids = {}
    for user in ... do
      table.insert(ids, user.id)
    end
    return table.concat(ids, " ")
  end

  local function cursors_asked()
    local cursors = {}
    for i, args in ipairs(asked) do
      cursors[i] = args.cursor or "-"
    end
    return table.concat(cursors, " ")
  end

  it("go through the pages of a method, each with the cursor of the one behind it", function()
    local client = start(three_pages)
    local seen = {}
    for page, cursor in client:pages("users.list", { include_locale = true }) do
      table.insert(seen, #page.members .. tostring(cursor))
      assert.equal("true", asked[#asked].include_locale)
    end
    assert.same({ "2b=", "2c", "2nil" }, seen)
    assert.equal("- b= c", cursors_asked())
  end)

  it("go through the items of all pages", function()
    local client = start(three_pages)
    assert.equal("U1 U2 U3 U4 U5 U6", ids_of(client:each "users.list"))
    assert.equal(3, #asked)
  end)

  it("take a method of the client for its name", function()
    local client = start(three_pages)
    assert.equal("U1 U2 U3 U4 U5 U6", ids_of(client:each(client.users.list)))
  end)

  it("ask for no page more after a break", function()
    local client = start(three_pages)
    for user in client:each "users.list" do
      if user.id == "U3" then
        break
      end
    end
    assert.equal("- b=", cursors_asked())
  end)

  it("go on after empty pages while there is a cursor", function()
    local client = start(function(_, number)
      return number < 4 and users(1, 0, "c" .. number) or users(1, 1)
    end)
    assert.equal("U1", ids_of(client:each "users.list"))
    assert.equal(4, #asked)
  end)

  for name, metadata in pairs {
    ["no cursor"] = {}, ["an empty cursor"] = { next_cursor = "" },
    ["null for a cursor"] = { next_cursor = slack.null }, ["null"] = slack.null,
  } do
    it("end behind a page with " .. name, function()
      local client = start(function()
        return { members = { { id = "U1" } }, response_metadata = metadata }
      end)
      assert.equal("U1", ids_of(client:each "users.list"))
      assert.equal(1, #asked)
    end)
  end

  it("know cursors at the top level of an answer", function()
    local client = start(function(args)
      return { inviteRequests = {}, next_cursor = not args.cursor and "x" or nil,
        invite_requests = { { id = args.cursor and "I2" or "I1" } } }
    end)
    assert.equal("I1 I2", ids_of(client:each "admin.inviteRequests.list"))
  end)

  it("ask for 200 items at once unless told otherwise", function()
    local client = start(three_pages)
    local args = { limit = 2 }
    client:pages("users.list"):next()
    client:pages("users.list", args):next()
    client:each("users.list", nil, { max_items = 5 }):next()
    client:pages("admin.analytics.messages.metadata", { channel = "C1" }):next()
    assert.same({ "200", "2", "5" }, { asked[1].limit, asked[2].limit, asked[3].limit })
    assert.is_nil(asked[4].limit) -- which has no such argument
  end)

  it("leave the caller's arguments as they are (S260)", function()
    local client = start(three_pages)
    local args = { team_id = "T1" }
    for _ in client:each("users.list", args) do
      assert.same({ team_id = "T1" }, args)
    end
    assert.equal(3, #asked)
  end)

  it("begin at a cursor from another time", function()
    local client = start(three_pages)
    local _, cursor = client:pages("users.list"):next()
    assert.equal("U3 U4 U5 U6", ids_of(client:each("users.list", { cursor = cursor })))
  end)

  it("give each call the options of a call", function()
    local tokens = {}
    local client = start(function(args, _, request)
      table.insert(tokens, request.headers.authorization)
      return three_pages(args)
    end)
    ids_of(client:each("users.list", nil, { token = "xoxp-2" }))
    assert.same({ "Bearer xoxp-2", "Bearer xoxp-2", "Bearer xoxp-2" }, tokens)
  end)

  describe("when a page cannot be had", function()
    local function fails_once(args, number)
      if number == 2 then
        return { ok = false, error = "fatal_error" }
      end
      return three_pages(args)
    end

    it("raise its error in the loop, so that it never looks complete", function()
      local client = start(fails_once)
      local seen = {}
      local ok, err = pcall(function()
        for user in client:each "users.list" do
          table.insert(seen, user.id)
        end
      end)
      assert.is_false(ok)
      assert.equal("fatal_error", err.code)
      assert.equal("users.list: fatal_error", tostring(err))
      assert.same({ "U1", "U2" }, seen)
    end)

    it("give nil and the error to next(), which then tries that page again", function()
      local client = start(fails_once)
      local pages = client:pages "users.list"
      assert.equal("b=", select(2, pages:next()))
      local page, err = pages:next()
      assert.same({ nil, "fatal_error" }, { page, err.code })
      assert.equal("U3", pages:next().members[1].id)
      assert.equal("U5", pages:next().members[1].id)
      assert.same({}, { pages:next() })
      assert.equal("- b= b= c", cursors_asked())
    end)
  end)

  it("end with an error when cursors go round in a circle", function()
    local client = start(function(args)
      return users(1, 1, ({ a = "b", b = "a" })[args.cursor or "b"])
    end)
    local count = 0
    local ok, err = pcall(function()
      for _ in client:pages "users.list" do
        count = count + 1
      end
    end)
    assert.is_false(ok)
    assert.equal("repeated_cursor", err.code)
    assert.matches("users.list: Slack sends back to a page", tostring(err))
    assert.equal(3, count)
  end)

  it("end at a cursor that was begun with, and at no other", function()
    local client = start(function() return users(1, 1, "same") end)
    local items = client:each("users.list", { cursor = "same" })
    assert.equal("U1", items:next().id)
    assert.equal("repeated_cursor", select(2, items:next()).code)
    assert.equal("repeated_cursor", select(2, items:next()).code)
    assert.equal(1, #asked)
  end)

  it("end with an error when there are more messages and no cursor", function()
    local client = start(function()
      return { messages = { { id = "1" } }, has_more = true }
    end)
    local items = client:each("conversations.history", { channel = "C1" })
    assert.equal("1", items:next().id)
    assert.equal("no_cursor", select(2, items:next()).code)
  end)

  describe("with a bound", function()
    local function ids_with(options)
      local client = start(three_pages)
      return ids_of(client:each("users.list", nil, options)), #asked
    end

    it("give so many items", function()
      assert.same({ "U1 U2 U3", 2 }, { ids_with { max_items = 3 } })
    end)

    it("give so many pages", function()
      assert.same({ "U1 U2 U3 U4", 2 }, { ids_with { max_pages = 2 } })
    end)

    it("end with the item that is the last one", function()
      local function stop(user) return user.id == "U2" end
      assert.same({ "U1 U2", 1 }, { ids_with { stop = stop } })
    end)

    it("end with the page that is the last one", function()
      local client = start(three_pages)
      local count = 0
      for _ in client:pages("users.list", nil, { stop = function(page)
        return page.members[1].id == "U3"
      end }) do
        count = count + 1
      end
      assert.same({ 2, 2 }, { count, #asked })
    end)
  end)

  describe("of methods that count their pages", function()
    it("ask for the numbers up to the last", function()
      local client = start(function(args)
        local page = math.tointeger(args.page or 1)
        return { files = { { id = "F" .. page } },
          paging = { count = 100, page = page, pages = 3, total = 3 } }
      end)
      assert.equal("F1 F2 F3", ids_of(client:each "files.list"))
      assert.same({ "100", "100", "100" }, { asked[1].count, asked[2].count, asked[3].count })
      assert.equal("F2 F3", ids_of(client:each("files.list", { page = 2 })))
    end)

    it("find the matches of a search and its numbers", function()
      local client = start(function(args)
        local page = math.tointeger(args.page or 1)
        return { query = "x", messages = { matches = { { id = page } },
          paging = { count = 20, page = page, pages = 2, total = 2 } } }
      end)
      assert.equal("1 2", ids_of(client:each("search.messages", { query = "x" })))
    end)

    it("end with an error when Slack gives its last page for a later one", function()
      local client = start(function(args)
        local page = math.min(math.tointeger(args.page or 1), 2)
        return { files = slack.list {}, paging = { page = page, pages = 9 } }
      end)
      local ok, err = pcall(ids_of, client:each "files.list")
      assert.is_false(ok)
      assert.equal("repeated_cursor", err.code)
      assert.equal(3, #asked)
    end)

    it("end where nothing was found", function()
      local client = start(function()
        return { files = slack.list {}, paging = { count = 100, total = 0, page = 1, pages = 0 } }
      end)
      assert.equal("", ids_of(client:each "files.list"))
    end)

    it("take the cursor of those that have both ways", function()
      local client = start(function(args)
        return { items = { { id = args.cursor or "-" } }, paging = { page = 1, pages = 9 },
          response_metadata = { next_cursor = not args.cursor and "x" or "" } }
      end)
      assert.equal("- x", ids_of(client:each "stars.list"))
      assert.equal("200", asked[1].limit)
    end)
  end)

  it("go back in time where there is nothing else to go by", function()
    local client = start(function(args)
      local latest = math.tointeger(args.latest or 4)
      local message = { id = latest - 1, ts = tostring(latest - 1) }
      return { has_more = latest > 2, messages = { message } }
    end)
    assert.equal("3 2 1", ids_of(client:each("im.history", { channel = "D1" })))
  end)

  it("give the values of an object, and their names", function()
    local client = start(function(args)
      return args.cursor and { emoji = { c = "3" } }
        or { emoji = { a = "1", b = "2" }, response_metadata = { next_cursor = "x" } }
    end)
    local seen = {}
    for url, name in client:each "admin.emoji.list" do
      seen[name] = url
    end
    assert.same({ a = "1", b = "2", c = "3" }, seen)
  end)

  it("go through a method that nobody knows, adding nothing to its arguments", function()
    local client = start(function(args)
      return { things = { { id = args.cursor or "-" } },
        response_metadata = { next_cursor = not args.cursor and "x" or nil } }
    end)
    assert.equal("- x", ids_of(client:each("things.list", { color = "red" })))
    assert.same({ color = "red" }, asked[1])
  end)

  it("want the name of the items where it is not clear", function()
    local client = start(function()
      return { things = { { id = 1 } }, others = { { id = 2 } } }
    end)
    local items = client:each "things.list"
    assert.matches('things.list: .* name it with the option "items"',
      tostring(select(2, items:next())))
    assert.equal("2", ids_of(client:each("things.list", nil, { items = "others" })))
  end)

  describe("in tasks", function()
    it("go on side by side, each waiting alone", function()
      local held = {}
      local client = start(function(args, _, request)
        table.insert(held, { request = request, page = three_pages(args) })
        if #held == 3 then -- none is answered before all have asked
          for _, one in ipairs(held) do
            one.page.ok = true
            server:respond(one.request, 200, json.encode(one.page))
          end
          held = {}
        end
      end)
      local function count()
        local number = 0
        for _ in client:each "users.list" do
          number = number + 1
        end
        return number
      end
      tasks.run(function()
        assert.same({ 6, 6, 6 }, assert(slack.all { count, count, count }))
      end)
      assert.equal("- - - b= b= b= c c c", cursors_asked())
    end)

    it("may be shared by tasks, which then get each item once", function()
      local client = start(three_pages)
      local items = client:each("users.list", nil, { prefetch = true })
      local ids = {}
      local function work()
        for user in items do
          table.insert(ids, user.id)
          tasks.sleep(0)
        end
      end
      tasks.run(function()
        slack.all { work, work, work, work }
      end)
      table.sort(ids)
      assert.equal("U1 U2 U3 U4 U5 U6", table.concat(ids, " "))
      assert.equal("- b= c", cursors_asked())
    end)

    it("let others go on when one that waits for a page is cancelled", function()
      local held
      local client = start(function(args, number, request)
        if number == 1 then
          held = request
          return nil
        end
        return three_pages(args)
      end)
      local items = client:each "users.list"
      tasks.run(function()
        local first = tasks.spawn(function() items:next() end)
        local second = tasks.spawn(function() return ids_of(items) end)
        while not held do
          tasks.sleep(0.001)
        end
        first:cancel()
        assert.equal("U1 U2 U3 U4 U5 U6", select(2, second:join()))
      end)
    end)

    it("let the others go on when the one whose turn it is is cancelled", function()
      local client = start(three_pages)
      local items = client:each "users.list"
      tasks.run(function()
        local second
        tasks.spawn(function()
          items:next()
          second:cancel()
        end)
        second = tasks.spawn(function() items:next() end)
        local third = tasks.spawn(function() return ids_of(items) end)
        assert.matches("U6$", (select(2, third:join())))
      end)
    end)

    it("wait inside coroutines made with slack.wrap", function()
      local client = start(three_pages)
      tasks.run(function()
        local ids = slack.wrap(function()
          for user in client:each "users.list" do
            coroutine.yield(user.id)
          end
        end)
        local seen = {}
        for id in ids do
          table.insert(seen, id)
        end
        assert.equal("U1 U2 U3 U4 U5 U6", table.concat(seen, " "))
      end)
    end)
  end)

  describe("with prefetch", function()
    local function wait_asked(number)
      while #asked < number do
        tasks.sleep(0.001)
      end
    end

    it("ask for the next page, and for one only, while this one is worked on", function()
      local client = start(three_pages)
      tasks.run(function()
        local pages = client:pages("users.list", nil, { prefetch = true })
        pages:next()
        wait_asked(2)
        for _ = 1, 5 do
          tasks.sleep(0.001)
        end
        assert.equal("- b=", cursors_asked())
        assert.equal("U3", pages:next().members[1].id)
        wait_asked(3)
        assert.equal("U5", pages:next().members[1].id)
        assert.is_nil(pages:next())
        assert.equal("- b= c", cursors_asked())
      end)
    end)

    it("give up what was asked for ahead when the loop ends", function()
      local client = start(function(args, number)
        return number == 1 and three_pages(args) or nil -- never answered
      end)
      tasks.run(function()
        local count = require("slack.http").count_new()
        for page in client:pages("users.list", nil, { prefetch = true }) do
          wait_asked(2)
          assert.equal(1, count())
          if page.members[1].id == "U1" then
            break
          end
        end
        while count() > 0 do
          tasks.sleep(0.001)
        end
      end)
    end)

    it("raise what the page that was asked for ahead failed with, and ask again", function()
      local client = start(function(args, number)
        return number == 2 and { ok = false, error = "fatal_error" } or three_pages(args)
      end)
      local pages = client:pages("users.list", nil, { prefetch = true })
      pages:next()
      assert.equal("fatal_error", select(2, pages:next()).code)
      assert.equal("U3", pages:next().members[1].id)
    end)
  end)

  it("raise at the caller's line when they are misused", function()
    local client = clients.new { token = "xoxb-1" }
    for _, case in ipairs {
      { "pages", { "users.info" }, "users.info does not answer in pages: client:call gives" },
      { "each", { 5 }, "the name of a Web API method expected, got 5" },
      { "each", { "users.list", "x" }, "users.list: a table of arguments expected, got string" },
      { "each", { "users.list", nil, 3 }, "a table of options expected, got number" },
      { "each", { "users.list", nil, { max_item = 3 } },
        'unknown option "max_item"; did you mean "max_items"?' },
      { "pages", { "users.list", nil, { max_items = 3 } }, 'unknown option "max_items"' },
      { "each", { "users.list", nil, { max_items = 0 } },
        'option "max_items": an integer of at least 1 expected, got 0' },
      { "pages", { "users.list", nil, { stop = 1 } }, 'option "stop": function expected, got 1' },
      { "pages", { "users.list", nil, { timeout = "1" } },
        'client:pages: option "timeout": a number' },
      { "pages", { "users.list", { team_id = print } }, "users.list: " },
    } do
      local name, args = case[1], case[2]
      local ok, message = pcall(function() client[name](client, table.unpack(args, 1, 3)) end)
      assert.is_false(ok)
      assert.matches("web_api_pages_spec.lua:%d+: client:" .. name .. ": ", message)
      assert.truthy(message:find(case[3], 1, true), message)
    end
    local ok, message = pcall(function() client.each("users.list") end)
    assert.is_false(ok)
    assert.matches("web_api_pages_spec.lua:%d+: client.each: call it with a colon", message)
  end)

  for name, loop in pairs {
    ipairs = function(iterator)
      local following, list, index = ipairs(iterator)
      return (following(list, index))
    end,
    pairs = function(iterator) return (pairs(iterator)) end,
    ["#"] = function(iterator) return #iterator end,
    ["[1]"] = function(iterator) return iterator[1] end,
  } do
    it("are no list: " .. name, function()
      local client = clients.new { token = "xoxb-1" }
      for _, method in ipairs { "pages", "each" } do
        local ok, message = pcall(loop, (client[method](client, "users.list")))
        assert.is_false(ok)
        assert.matches("web_api_pages_spec.lua:%d+: an iterator is no list.*client:" .. method,
          message)
      end
    end)
  end
end)
