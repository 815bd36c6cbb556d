-- What an app in this process logs and returns, at debug level, in both formats.
local json = require "slack.json"
local live = require "support.live_app"
local tasks = require "slack.tasks"

local PASSWORD, HOOK <const> = "pr0xy-pa55word", "aBcDeFgHiJkLmNoPqRsTuVwX"

-- All that may be seen: lines, the records they were made from, errors.
local function new_view()
  local seen = {}
  local function add(value)
    if type(value) == "table" then
      for name, field in pairs(value) do
        add(name)
        add(field)
      end
      add(tostring(value))
    else
      table.insert(seen, tostring(value))
    end
  end
  return seen, add
end

local function note_tickets(here, secrets)
  local open_connection = here.socket.open_connection
  function here.socket.open_connection(...)
    local url = open_connection(...)
    table.insert(secrets, url:match "ticket=(%x+)")
    return url
  end
end

-- What it answers, refuses and raises.
local function listen(app, here, add, secrets)
  app:use(function(c, next)
    c.log:debug("body %s from %s", json.encode(c.body), c.client)
    table.insert(secrets, c.response_url and c.response_url:match "%w+$" or nil)
    return next()
  end)
  app:message("hello", function(c) c:say "hi" end)
  app:message("raise", function() error("with " .. here.bot_token) end)
  app:message("table", function()
    error(setmetatable({}, { __tostring = function() return "with " .. here.app_token end }))
  end)
  app:message("refused", function(c)
    add(select(2, c.client.chat.postMessage({ channel = "nowhere" }, { token = "xoxb-1-refused" })))
  end)
  app:command("/respond", function(c)
    c:ack()
    for _ = 1, 6 do
      add(select(2, c:respond "again"))
    end
    error("at https://hooks.slack.com/commands/T012345/678901234/" .. HOOK)
  end)
end

local function through_good_and_bad_times(app, here, add)
  for _, text in ipairs { "hello", "raise", "table", "refused" } do
    here:say { user = "ada", channel = "general", text = text }
  end
  here:command { command = "/respond", user = "ada" }
  here:connections()[1]:send '{"envelope_id":"x","payload":"xoxb-1-in-broken-json'
  local opened = #here:calls "apps.connections.open"
  here:connections()[1]:disconnect "refresh_requested"
  live.wait(function() return #here:calls "apps.connections.open" > opened end)
  local whole = assert(here:wait_connections(2))
  here:refuse_upgrades(403)
  whole[1]:reset()
  live.wait(function() return #here:calls "apps.connections.open" > opened + 2 end)
  here:refuse_upgrades(0)
  live.wait(function() return app:stats().running == 0 end)
  here:fail("apps.connections.open", { error = "token_revoked" })
  assert(here:wait_connections(1))[1]:close()
  live.wait(function() return app.phase == "idle" end)
  add(app.fatal)
end

local function try_others(new_app, here, add)
  add(select(2, new_app { token = "xoxb-1-refused" }:start()))
  add(select(2, new_app { app_token = "xapp-1-refused" }:start()))
  local proxied = new_app {
    proxy = ("http://worker:%s@%s"):format(PASSWORD, here.url:match "//([^/]+)"), no_proxy = "",
  }
  local task = tasks.spawn(proxied.start, proxied) -- goes on trying
  task:join(0.2)
  proxied:stop()
  add { task:join(2) }
  for _, options in ipairs {
    { token = here.app_token }, { app_token = here.bot_token },
    { proxy = "x://a:" .. PASSWORD .. "@b" },
    { api_url = "http://a:" .. PASSWORD .. "@slack.example/" },
  } do
    add(select(2, pcall(new_app, options)))
  end
end

describe("what an app says", function()
  for _, format in ipairs { "text", "json" } do
    it("has no secret in it, as " .. format .. " (S224)", function()
      local seen, add = new_view()
      live.run(function(here, new_app)
        local secrets = { here.bot_token, here.app_token, "in-broken-json", PASSWORD, HOOK,
          "xoxb-1-refused", "xapp-1-refused" }
        note_tickets(here, secrets)
        local function sink(line, record)
          add(line)
          add(record)
        end
        local function logging(options)
          options.log = { level = "debug", format = format, sink = sink }
          return new_app(options)
        end
        local app = logging { connections = 2 }
        listen(app, here, add, secrets)
        if format == "json" then -- in place of the log's own line
          app:on_error(function(_, _, failure) add("error in app:message" .. failure.traceback) end)
        end
        local task = tasks.spawn(app.run, app)
        live.wait(function() return app.phase == "running" end)
        assert(here:wait_connections(2))
        through_good_and_bad_times(app, here, add)
        add { select(2, task:join()) }
        try_others(logging, here, add)
        local text = table.concat(seen, "\n")
        for _, told in ipairs { "error in app:message", "403",
          "token_revoked", "invalid_auth", "proxy", "c:respond" } do
          assert.truthy(text:find(told, 1, true), told .. " is not in:\n" .. text)
        end
        assert.is_true(#secrets >= 12)
        for _, secret in ipairs(secrets) do
          assert.is_nil(text:find(secret, 1, true), secret)
        end
      end)
    end)
  end
end)
