-- c:choose: a message with a button for each choice, or a menu when they are many; once
-- one is chosen the message says which and by whom, and the buttons are gone.

local Message = require "slack.message"
local Wait = require "slack.wait"
local Waits = require "slack.waits"
local choice_message = require "slack.choice_message"
local merged = require "slack.merged"
local own_ids = require "slack.own_ids"
local payload = require "slack.payload"
local place = require "slack.place"
local posting = require "slack.posting"
local stale = require "slack.stale"
local tasks = require "slack.tasks"
local wait_options = require "slack.wait_options"

-- Seconds for which the buttons stay, unless the call says otherwise.
local TIMEOUT = 3600

local M = {}

---@class slack.Choice
---@field text string on the button
---@field value? any what c:choose gives; the text
---@field style? "primary"|"danger"
---@field confirm? string|table to be confirmed first: a text, or Slack's object with plain texts
---@field description? string in a menu

local OPTIONS = { choices = true, timeout = true, from = true, outcome = true, placeholder = true }
-- Arguments of chat.postMessage.
local POSTING = {
  "text", "blocks", "channel", "thread_ts", "reply_broadcast", "username", "icon_emoji",
  "icon_url", "unfurl_links", "unfurl_media", "metadata",
}
local KNOWN = {}
for _, name in ipairs(POSTING) do
  KNOWN[name] = true
end
for name in pairs(OPTIONS) do
  KNOWN[name] = true
end

-- Reading ----------------------------------------------------------------------------------

local function read_choice(item, i)
  if type(item) == "string" or type(item) == "number" then
    item = { text = tostring(item), value = item }
  elseif type(item) ~= "table" then
    return nil, ("choices[%d]: a text or a table expected, got %s"):format(i, type(item))
  end
  if type(item.text) ~= "string" or item.text == "" then
    return nil, ("choices[%d].text: a text expected, got %s"):format(i,
      item.text == "" and "an empty one" or type(item.text))
  elseif item.style ~= nil and item.style ~= "primary" and item.style ~= "danger" then
    return nil, ('choices[%d].style: "primary" or "danger" expected, got %s'):format(i,
      tostring(item.style))
  end
  return item.value == nil and merged(item, { value = item.text }) or item
end

local function read_choices(given)
  if type(given) ~= "table" or given[1] == nil then
    return nil, "choices: a list of texts or tables expected, got "
      .. (type(given) == "table" and "one without items" or type(given))
  elseif #given > choice_message.MAX_CHOICES then
    return nil, ("choices: at most %d, got %d"):format(choice_message.MAX_CHOICES, #given)
  end
  local choices = {}
  for i, item in ipairs(given) do
    local choice, problem = read_choice(item, i)
    if not choice then
      return nil, problem
    end
    choices[i] = choice
  end
  return choices
end

local function check_rest(given)
  if type(given.text) ~= "string" or given.text == "" then
    return nil, "text: a text expected, got " .. (given.text == "" and "an empty one"
      or type(given.text))
  elseif given.outcome ~= nil and given.outcome ~= false and type(given.outcome) ~= "function" then
    return nil, "outcome: a function or false expected, got " .. type(given.outcome)
  end
  return true
end

local function read(given)
  if type(given) ~= "table" or given[1] ~= nil then
    return nil, "a table with text and choices expected, got "
      .. (type(given) == "table" and "a list" or type(given))
  end
  local ok, problem = wait_options.check_names(given, KNOWN)
  if ok then
    ok, problem = check_rest(given)
  end
  if not ok then
    return nil, problem
  end
  return read_choices(given.choices)
end

-- Asking ----------------------------------------------------------------------------------

local function replace(c, message, content, clicked)
  local ok, err = message:update(content)
  if not ok and clicked then
    content.replace_original = true
    ok, err = clicked:respond(content)
  end
  if not ok then
    c.log:warn("c:choose: its buttons could not be taken away: %s", err)
  end
end

-- A task that is cancelled leaves no buttons behind; but the app's end takes what it can.
local Guard = {
  __close = function(self)
    local c, message = self.c, self.message
    if message and not c.app.dispatch.is_stopping then
      tasks.spawn(replace, c, message, choice_message.closed(self.given, false))
    end
  end,
}

local function who(wait)
  if wait.user then
    return ("<@%s>"):format(wait.user)
  end
  local names = {}
  for id in pairs(wait.people) do
    names[#names + 1] = ("<@%s>"):format(id)
  end
  table.sort(names)
  return table.concat(names, ", ")
end

-- A click of somebody who was not asked.
local function turn_away(wait, c)
  if wait_options.is_from(wait, c) then
    return false
  end
  c.listener = wait.c.listener
  c:ack()
  tasks.spawn(stale.tell, c, ("Only %s can choose here."):format(who(wait)))
  return true
end

local function index_of(c)
  local action = c.payload
  local option = payload.as_table(action.selected_option)
  return math.tointeger(tonumber(payload.text_of(option and option.value or action.value)))
end

local function is_clicked(wait, c)
  return wait.choices[index_of(c)] and 1 or nil
end

local function post(c, given, wait)
  local arguments = {}
  for _, name in ipairs(POSTING) do
    arguments[name] = given[name]
  end
  place.aim(c, arguments)
  arguments.blocks = choice_message.blocks(given, wait.choices, wait.id)
  local posted, err = posting.post(c, arguments, "c:choose")
  if not posted then
    return nil, err
  end
  return Message.new(c.client, { channel = posted.channel, ts = posted.ts })
end

-- Once it is left, what else is clicked is answered at once: taking the buttons away may
-- last.
local function ask(c, given, wait, timeout)
  local waiting <close> = Wait.new(wait)
  local guard <close> = setmetatable({ c = c, given = given }, Guard)
  local message, err = post(c, given, wait)
  if not message then
    return nil, err
  end
  guard.message = message
  local clicked, why = waiting:await(timeout)
  guard.message = nil
  return message, clicked, why
end

---Asks and waits.
---@async
---@param c slack.Context
---@param given slack.ChooseOptions
---@param wait table from read
---@param timeout? number
---@return slack.Choice? choice
---@return slack.Context|slack.Error|"timeout"|nil more
function M.choose(c, given, wait, timeout)
  local message, clicked, why = ask(c, given, wait, timeout)
  if not message then
    return nil, clicked
  end
  Waits.of(c):note_end(wait.id)
  local choice = clicked and wait.choices[index_of(clicked)] or nil
  -- What outcome raises leaves no buttons behind either.
  local guard <close> = setmetatable({ c = c, given = given, message = message }, Guard)
  local content = choice_message.closed(given, choice, clicked)
  guard.message = nil
  replace(c, message, content, clicked)
  return choice, clicked or why
end

---Reads the options of c:choose.
---@param c slack.Context
---@param given any
---@return table? wait nil: they are wrong
---@return number? timeout
---@return string? problem
function M.read(c, given)
  local choices, problem = read(given)
  if not choices then
    return nil, nil, problem
  end
  local wait = {
    c = c, kind = "action", id = own_ids.new(), choices = choices, test = is_clicked,
    turn_away = turn_away,
  }
  local ok, timeout
  ok, problem = wait_options.add_person(wait, given.from, given.channel)
  if ok then
    timeout, problem = wait_options.timeout(given.timeout, TIMEOUT)
  end
  return not problem and wait or nil, timeout, problem
end

return M
