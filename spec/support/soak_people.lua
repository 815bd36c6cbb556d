-- The people of the mixed trial (soak_trial.lua): each in a channel alone with the bot, types
-- commands, clicks, fills in a modal, answers questions or does not, one after the other, and
-- knows what must come of each.
--
-- What nothing stands up for, as Slack delivers it once, may come to nothing while something
-- befalls the bot: that is counted apart. A wrong answer is wrong at any time.
local core = require "slack.core"
local json = require "slack.json"
local tasks = require "slack.tasks"

local SILENT <const> = 1 -- seconds until the bot gives up a question that nobody answers
local STALE <const> = "not waited for any more" -- says a bot whose conversation has ended
local THINKING <const> = 0.4 -- seconds between two acts, at most

local Person = {}
Person.__index = Person
Person.__name = "soak_person"

-- What was expected, and was not what came: a text if it came, nil if nothing did. said: what the
-- bot said that has waited in vain for what the person did.
local function missed(what, came, said)
  error({ what = what, came = came, said = said }, 0)
end

local function command(self, name, text)
  local outcome = self.here:command {
    command = name, text = text, user = self.user, channel = self.channel, timeout = self.patience,
  }
  if outcome.failure then
    missed(name .. ": " .. outcome.failure)
  end
  return outcome
end

local function wait_text(self, start, is_ephemeral)
  local message = self.here:wait_message {
    user = self.user, channel = self.channel, text = start, ephemeral = is_ephemeral,
    timeout = self.patience,
  }
  return message or missed("a message " .. start)
end

local function expect(self, start, text)
  local message = wait_text(self, start)
  if message.text == start .. " nothing" and text ~= message.text then
    missed(text, nil, message.text)
  elseif message.text ~= text then
    missed(text, message.text)
  end
end

local ACTS = {}

-- A command that is acknowledged with a text, and answered again at its response URL.
function ACTS.echo(self, id)
  local asked_at = core.monotonic()
  local outcome = command(self, "/echo", id)
  local text = type(outcome.ack) == "table" and outcome.ack.text or outcome.ack
  local version = tostring(text):match("^echo " .. id .. " (%d+)$")
  if not version then
    missed("echo " .. id, tostring(text))
  end
  self.trial:check_version(math.tointeger(tonumber(version)), asked_at)
  wait_text(self, "later " .. id, true)
end

-- A question with buttons.
function ACTS.choose(self, id)
  command(self, "/choose", id)
  local message = wait_text(self, "which " .. id)
  local actions = message.blocks[#message.blocks].elements
  local which = math.random(#actions)
  local outcome = self.here:click {
    message = message, action_id = actions[which].action_id, user = self.user,
    timeout = self.patience,
  }
  if outcome.failure then
    missed("the click: " .. outcome.failure)
  end
  expect(self, "chose " .. id, ("chose %s %s"):format(id, actions[which].text.text))
end

-- A question that is answered, or is not.
function ACTS.name(self, id)
  local is_silent = math.random(4) == 1
  command(self, "/name", is_silent and ("%s %g"):format(id, SILENT) or id)
  wait_text(self, "name " .. id)
  local answer = is_silent and "nothing" or "ada" .. math.random(1000)
  if not is_silent then
    self.here:say { user = self.user, channel = self.channel, text = answer }
  end
  expect(self, "named " .. id, ("named %s %s"):format(id, answer))
end

local function submit(self, view, count)
  local outcome = self.here:submit {
    view = view, values = { count = count }, user = self.user, timeout = self.patience,
  }
  return outcome.failure and missed("the submission: " .. outcome.failure) or outcome
end

-- A modal, sometimes with a value that is refused first.
function ACTS.order(self, id)
  command(self, "/order", id)
  local view = self.here:wait(function()
    local view = self.here:view(self.user)
    return view and view.private_metadata == id and view
  end, self.patience) or missed("a modal")
  if math.random(3) == 1 then
    local ack = submit(self, view, 0).ack
    if type(ack) ~= "table" or ack.response_action ~= "errors" then
      local text = json.encode(ack)
      missed("errors", not text:find(STALE, 1, true) and text or nil)
    end
  end
  local count = math.random(100)
  submit(self, view, count)
  expect(self, "ordered " .. id, ("ordered %s %d"):format(id, count))
end

local NAMES <const> = { "echo", "choose", "name", "order" }

-- What was said is not needed any more: the trial may last.
local function clean_up(self)
  local workspace = self.here.workspace
  local channel, user = workspace:find_channel(self.channel), workspace:find_user(self.user)
  channel.messages, channel.ephemeral = {}, {}
  for _, view in ipairs(workspace:open_views(user.id)) do
    workspace:drop_view(view)
  end
end

local function act(self)
  self.count = self.count + 1
  local id = ("%sn%d"):format(self.name, self.count)
  local name, began = NAMES[math.random(#NAMES)], core.monotonic()
  self.trial.acting = self.trial.acting + 1
  local ok, why = pcall(ACTS[name], self, id)
  self.trial.acting = self.trial.acting - 1
  clean_up(self)
  if not ok and type(why) ~= "table" then
    error(why, 0)
  end
  self.trial:count_act(self, name .. " " .. id, began, why)
end

---Does one thing after the other until the trial ends.
---@param trial table gets count_act(person, what, began, missed) for each, and
---  check_version(version, asked_at); acting: how many are at something
---@param here slack.Sandbox
---@param name string also of the user and the channel
---@param patience number seconds until an answer is taken for none
---@return slack.Task
function Person.start(trial, here, name, patience)
  local self = setmetatable({
    trial = trial, here = here, name = name, user = name, channel = name, count = 0,
    patience = patience,
  }, Person)
  return tasks.spawn(function()
    while not trial.is_ending do
      if trial:is_calm() then
        act(self)
      end
      tasks.sleep(math.random() * THINKING)
    end
  end)
end

return Person
