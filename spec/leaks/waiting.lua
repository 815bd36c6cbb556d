-- Stops apps with all under way that an app may leave behind: runs of the schedule,
-- handlers that wait for people, streams that have not ended.
local blocks = require "slack.blocks"
local footprint = require "support.footprint"
local sandbox = require "slack.sandbox"
local slack = require "slack"

local function new_app(slack_here)
  return slack.app {
    token = slack_here.bot_token, app_token = slack_here.app_token, api_url = slack_here.api_url,
    ca_file = slack_here.ca_file, log = "off",
  }
end

local function add_schedule(app, ran)
  app:every(0.05, function() ran.often = true end)
  app:every("1h", { first = 0 }, function()
    ran.long = true
    slack.sleep(100)
  end)
  app:at("Mon-Fri 09:15", { tz = "Europe/Berlin" }, function() end)
  app:at("*/10 9-17 * * 1-5", function() end)
  app:at("2099-12-24 18:00", function() end):remove()
end

local function add_conversations(app)
  app:message("ask", function(c) c:ask "Asked?" end)
  app:message("choose", function(c)
    c:choose { text = "Chosen?", choices = { "Yes", "No" }, timeout = false }
  end)
  app:message("race", function(c)
    c:say "Raced?"
    slack.race {
      function() c:wait { { event = "reaction_added" }, { action = "never" } } end,
      function() c:wait { message = "never", timeout = 100 } end,
    }
  end)
  app:command("/form", function(c)
    local form = assert(c:form(blocks.modal {
      title = "Form", submit = "Send", blocks.input("Text", blocks.plain_text_input "text"),
    }))
    for submission in form:submissions() do
      submission:accept()
    end
  end)
end

local function add_streams(app, ran)
  app:message("tell", function(c)
    local stream <close> = c:stream()
    while stream:append(("text "):rep(100)) do
      ran.told = true
      slack.sleep(0.01)
    end
  end)
  app:message("forget", function(c) -- without a <close>, and without an end
    ran.forgotten = c:stream():append "unfinished"
  end)
end

local function wait_for(slack_here, ...)
  for _, text in ipairs { ... } do
    assert(slack_here:wait_message { text = text, timeout = 60 })
  end
end

local function one_round(round)
  local slack_here <close> = assert(sandbox.start())
  local app, ran = new_app(slack_here), {}
  add_schedule(app, ran)
  add_conversations(app)
  add_streams(app, ran)
  assert(app:start())
  assert(slack_here:wait_connections(1, 60))
  for _, text in ipairs { "tell", "forget", "choose", "race" } do
    slack_here:say { text = text }
  end
  slack_here:command { command = "/form", timeout = 60 }
  wait_for(slack_here, "Chosen?", "Raced?")
  slack_here:say { text = "ask" } -- the last, for what comes after it would be its answer
  wait_for(slack_here, "Asked?")
  assert(slack_here:wait(function()
    return ran.often and ran.long and ran.told and ran.forgotten and app:stats().waiting == 4
  end, 60))
  if round % 2 == 0 then
    app:stop(0.1)
  else
    app:close() -- at once
  end
end

footprint.rounds(4, function(round)
  slack.run(one_round, round)
end)
