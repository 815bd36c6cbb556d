-- The script of the mixed trial's bot (bot.lua). The trial saves it with ever higher versions.
local app = ...
local slack = require "slack"
local words = require "words"

local VERSION <const> = 0
local PATIENCE <const> = 20 -- seconds for people who do not come back: a fault has cut them off

local blocks, trial = slack.blocks, app.trial
local note = trial.note

-- Events -----------------------------------------------------------------------------------

local DEEDS = {}

-- Its handler raises the first time.
function DEEDS.fail(c)
  if not c.retry then
    note("raised", c.body.event_id)
    error "as it was told to"
  end
end

-- It calls the Web API, which may refuse, or fail.
function DEEDS.post(c)
  local ok, err = c.client.chat.meMessage {
    channel = trial.posts,
    text = ("%s %d"):format(c.body.event_id, trial.pid),
  }
  note("called", "Api", ok and "ok" or err.code)
end

-- It keeps something.
function DEEDS.keep(c)
  local ok, err = app.store:set("last", c.body.event_id, { ttl = 60 })
  note("kept", "Store", ok and "ok" or err.code)
end

app:event("app_mention", function(c)
  local id = c.body.event_id
  note("begun", id, c.retry and c.retry.number)
  slack.sleep(math.random() * trial.work)
  local deed, of_whom = c.event.text:match "^(%l+) (%w+)$"
  if of_whom ~= id then
    note("wrong", "Event", id)
  elseif DEEDS[deed] then
    DEEDS[deed](c)
  end
  note("ended", id)
end)

-- What people do -----------------------------------------------------------------------------

-- Notes why a conversation does not go on.
local function note_stuck(id, err)
  note("stuck", id, (tostring(err):gsub("%s+", "_")))
end

-- The last word of one.
local function finish(id, ok, err)
  if not ok then
    note_stuck(id, err)
  end
end

app:command("/echo", function(c)
  note("did", c.payload.text, "echo")
  c:ack(words.echo:format(c.payload.text, VERSION))
  finish(c.payload.text, c:respond("later " .. c.payload.text))
end)

app:command("/choose", function(c)
  local id = c.payload.text
  note("did", id, "choose")
  local choice, why = c:choose {
    text = "which " .. id, choices = { "left", "right" }, timeout = PATIENCE,
  }
  if not choice and why ~= "timeout" then
    return note_stuck(id, why)
  end
  finish(id, c:say(("chose %s %s"):format(id, choice or "nothing")))
end)

app:command("/name", function(c)
  local id, seconds = c.payload.text:match "^(%w+) ?([%d.]*)$"
  note("did", id, "name")
  local answer, why = c:ask("name " .. id, { timeout = tonumber(seconds) or PATIENCE })
  if not answer and why ~= "timeout" then
    return note_stuck(id, why)
  end
  finish(id, c:say(("named %s %s"):format(id, answer and answer.text or "nothing")))
end)

app:command("/order", function(c)
  local id = c.payload.text
  note("did", id, "order")
  local form, err = c:form(blocks.modal {
    title = "Order", submit = "Send", private_metadata = id,
    blocks.input("How many?", blocks.number_input("count", { is_decimal_allowed = false })),
  }, { timeout = PATIENCE })
  if not form then
    return note_stuck(id, err)
  end
  for submission in form:submissions() do
    if submission.values.count < 1 then
      submission:reject { count = "At least one." }
    else
      finish(id, c:say(("ordered %s %d"):format(id, submission.values.count)))
    end
  end
end)

-- The clock ----------------------------------------------------------------------------------

app:every("1s", function(c)
  note("ticked", "Clock", c.scheduled_at)
end)
