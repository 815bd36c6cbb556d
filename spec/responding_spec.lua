local Offline = require "support.offline_app"
local ResponseUrl = require "slack.response_url"
local json = require "slack.json"
local live = require "support.live_app"
local loop = require "slack.loop"
local web_server = require "support.web_server"

describe("a response URL", function()
  local now, url

  before_each(function()
    now = 1000
    url = ResponseUrl.new("https://hooks.slack.com/1", nil, function() return now end)
  end)

  it("may be used five times", function()
    for _ = 1, 5 do
      assert.is_true(url:take())
    end
    local ok, err = url:take()
    assert.is_nil(ok)
    assert.equal("response_url_used_up", err.code)
    assert.not_matches("hooks", tostring(err))
  end)

  it("may be used for thirty minutes after it came", function()
    now = 1000 + 1799
    assert.is_true(url:take())
    now = 1000 + 1800
    local ok, err = url:take()
    assert.is_nil(ok)
    assert.equal("response_url_expired", err.code)
  end)

  it("counts from when its payload came", function()
    local older = ResponseUrl.new("https://hooks.slack.com/2", now - 1800,
      function() return now end)
    assert.equal("response_url_expired", select(2, older:take()).code)
  end)

  it("has its use back that came to nothing", function()
    for _ = 1, 9 do
      assert.is_true(url:take())
      url:give_back()
    end
  end)
end)

describe("c:respond", function()
  it("answers five times, then says so without asking Slack", function()
    live.run(function(here, new_app, lines)
      local app = new_app { transport = "socket" }
      local codes
      app:command("/six", function(c)
        c:ack()
        local seen = {}
        for i = 1, 6 do
          local ok, err = c:respond(("number %d"):format(i))
          seen[i] = ok or err.code -- Slack's own word would be used_url
        end
        codes = seen
      end)
      live.start(here, app)
      here:command { command = "/six", channel = "general" }
      live.wait(function() return codes end)
      assert.same({ true, true, true, true, true, "response_url_used_up" }, codes)
      assert.matches('WARN .*c:respond failed: its response URL is used up.*listener="app:command',
        table.concat(lines, "\n"))
    end)
  end)

  it("says when the thirty minutes are over, without asking Slack", function()
    local offline = Offline.new()
    local err
    offline.app:command("/x", function(c) err = select(2, c:respond "late") end)
    offline:deliver({ command = "/x", response_url = "https://nowhere.invalid/" },
      { received = loop.now() - 1801 })
    assert.equal("response_url_expired", err.code)
  end)

  -- What is posted to which path.
  local function posted(handler, body)
    local seen = {}
    live.run(function(_, new_app)
      local server <close> = web_server.start(function(request)
        table.insert(seen, { request.target, json.decode(request.body) })
        return 200, "ok"
      end)
      local app = new_app { transport = "socket" }
      local done
      app:view("form", function(c)
        c:ack()
        handler(c)
        done = true
      end)
      for _, place in ipairs(body.response_urls) do
        place.response_url = server.url .. "/" .. place.block_id
      end
      body.type = "view_submission"
      app.dispatch:request { body = body, ack = function() return true end }
      live.wait(function() return done end)
    end)
    return seen
  end

  local function submission()
    return {
      view = { id = "V1", callback_id = "form" },
      response_urls = {
        { block_id = "first", action_id = "where", channel_id = "C1" },
        { block_id = "second", action_id = "whom", channel_id = "C2" },
      },
    }
  end

  it("goes where the first menu of a view says, or the one that is named (S160)", function()
    local seen = posted(function(c)
      c:respond "a"
      c:respond { text = "b", block_id = "second" }
      c:respond { text = "c", action_id = "whom" }
      c:respond { text = "d", block_id = "first", action_id = "where" }
    end, submission())
    assert.same({
      { "/first", { text = "a" } }, { "/second", { text = "b" } }, { "/second", { text = "c" } },
      { "/first", { text = "d" } },
    }, seen)
  end)

  it("counts each URL by itself", function()
    local err
    local seen = posted(function(c)
      for _ = 1, 5 do
        c:respond "a"
      end
      err = select(2, c:respond "b")
      c:respond { text = "c", action_id = "whom" }
    end, submission())
    assert.equal("response_url_used_up", err.code)
    assert.equal(6, #seen)
  end)

  it("names the menus that there are when another is asked for", function()
    local err
    posted(function(c)
      err = select(2, c:respond { text = "a", action_id = "what" })
    end, submission())
    assert.equal("no_response_url", err.code)
    assert.matches("no menu what of block any has a response URL; there are: where of block first, "
      .. "whom of block second", tostring(err))
  end)

  it("says what is missing where no menu gives one (S188)", function()
    local offline = Offline.new()
    local seen = {}
    offline.app:view("form", function(c)
      table.insert(seen, tostring(select(2, c:respond "a")))
      table.insert(seen, tostring(select(2, c:respond { text = "a", action_id = "x" })))
    end)
    offline:deliver { type = "view_submission", view = { callback_id = "form" },
      response_urls = json.list {} }
    assert.matches("came without a response URL", seen[1])
    assert.matches("there are: none, see response_url_enabled", seen[2])
  end)

  -- What c:respond gives when Slack answers so, and how often it may then be called again.
  local function answered(status, body)
    local results = {}
    live.run(function(_, new_app)
      local server <close> = web_server.start(function() return status, body end)
      local app = new_app { transport = "socket" }
      local done
      app:command("/x", function(c)
        for i = 1, 6 do
          local _, err = c:respond "a"
          results[i] = err
        end
        done = true
      end)
      app.dispatch:request {
        body = { command = "/x", response_url = server.url }, ack = function() return true end,
      }
      live.wait(function() return done end)
    end)
    return results
  end

  it("gives Slack's word and the status of a failure (S189)", function()
    local results = answered(404, '{"ok":false,"error":"used_url"}')
    assert.same({ "used_url", 404 }, { results[1].code, results[1].status })
    assert.equal("response_url_used_up", results[6].code)
  end)

  it("takes no for an answer, whatever its status", function()
    local results = answered(200, '{"ok":false,"error":"expired_url"}')
    assert.same({ "expired_url", 200 }, { results[1].code, results[1].status })
  end)

  it("waits when Slack has had too many, and posts again", function()
    local results, asked
    live.run(function(_, new_app)
      local number = 0
      local server <close> = web_server.start(function()
        number = number + 1
        if number == 1 then
          return 429, "", { "Retry-After", "0" }
        end
        return 200, "ok"
      end)
      local app = new_app { transport = "socket" }
      app:command("/x", function(c)
        results = { c:respond "a" }
      end)
      app.dispatch:request {
        body = { command = "/x", response_url = server.url }, ack = function() return true end,
      }
      live.wait(function() return results end)
      asked = number
    end)
    assert.same({ true, 2 }, { results[1], asked })
  end)

  it("counts no post that did not get through", function()
    local codes = {}
    live.run(function(_, new_app)
      local url
      do
        local server <close> = web_server.start(function() end)
        url = server.url
      end
      local app = new_app { transport = "socket", retries = 0 }
      app:command("/x", function(c)
        for i = 1, 6 do
          codes[i] = select(2, c:respond "a").code
        end
      end)
      app.dispatch:request {
        body = { command = "/x", response_url = url }, ack = function() return true end,
      }
      live.wait(function() return codes[6] end)
    end)
    assert.equal("connection", codes[6])
  end)

  it("counts no post that Slack could not take", function()
    local results = answered(503, "")
    assert.same({ "http_error", 503 }, { results[6].code, results[6].status })
  end)
end)
