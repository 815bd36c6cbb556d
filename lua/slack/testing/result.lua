-- What came of something that a test did.

local acting = require "slack.testing.acting"
local json = require "slack.json"

-- Characters of a text that are shown of it.
local SHOWN = 120

---@class slack.testing.Call one of the Web API
---@field method string
---@field args table
---@field answer? table what Slack said, when it was ok
---@field error? string Slack's word, when it was not
---@field at number seconds since the epoch
---@field token? string

---@class slack.testing.Failure of a handler
---@field message string with file and line
---@field traceback string
---@field listener? string

---@class slack.testing.Result
---@field acked boolean the app has answered by itself, in time
---@field ack any what it answered; nil for an empty answer
---@field unmatched? boolean no listener was there for it, or for something that came of it
---@field failure? string Slack's word for what the person sees when there is no answer, or a
---  wrong one: "operation_timeout", "dispatch_failed", "connection_error", …
---@field detail? string more about the failure
---@field said slack.testing.Said[] what the bot has said since
---@field deleted slack.testing.Said[] messages of the bot that it has deleted
---@field calls slack.testing.Call[] of the Web API
---@field fetched slack.fake_network.Asked[] requests to other servers
---@field waiting integer calls of the Web API that wait for their turn, by Slack's limits
---@field errors slack.testing.Failure[] of handlers
---@field view? table the modal in front
---@field message? table what the person said, of t:message and the like
---@field log string[] lines of the log
local Result = {}
Result.__index = Result
Result.__name = "slack.testing.result"

-- What is no pattern is not found.
local function is_found(text, pattern)
  local ok, found = pcall(string.find, text, pattern)
  return ok and found ~= nil
end

---@param what string what was done
---@return slack.testing.Result
function Result.new(what)
  return setmetatable({
    what = what, acked = false, said = {}, deleted = {}, calls = {}, fetched = {}, errors = {},
    log = {}, live = {},
  }, Result)
end

---A message that the bot has said with this in its text; fails the test when there is none.
---@param text string found in it as it is, or as a pattern
---@return slack.testing.Said
function Result:expect_said(text)
  if type(text) ~= "string" then
    acting.refuse("r:expect_said: text expected, got %s", type(text))
  end
  for _, said in ipairs(self.said) do
    if said.text:find(text, 1, true) or is_found(said.text, text) then
      return said
    end
  end
  acting.refuse("%q was to be said: %s", text, tostring(self))
end

---Fails the test when the bot has said anything.
function Result:expect_silence()
  if self.said[1] then
    acting.refuse("nothing was to be said: %s", tostring(self))
  end
end

-- As text --------------------------------------------------------------------------------

local function short(text)
  text = tostring(text):gsub("%s+", " ")
  return #text > SHOWN and text:sub(1, SHOWN - 1) .. "…" or text
end

local function place_of(said)
  local place = said.channel_name:find "^@" and said.channel_name or "#" .. said.channel_name
  return ("%s%s%s"):format(place, said.thread_ts and " (thread)" or "",
    said.ephemeral_to and " to " .. said.ephemeral_to .. " only" or "")
end

-- What a message has besides its text.
local function besides(said)
  local parts = {}
  for _, name in ipairs { "blocks", "attachments" } do
    local count = said[name] and #said[name]
    parts[#parts + 1] = count and ("%d %s"):format(count, count == 1 and name:sub(1, -2) or name)
  end
  for _, file in ipairs(said.files or {}) do
    parts[#parts + 1] = file.name
  end
  return parts[1] and (" [%s]"):format(table.concat(parts, ", ")) or ""
end

local function add_said(lines, self)
  for _, said in ipairs(self.said) do
    lines[#lines + 1] = ("  %s in %s: %q%s"):format(said.is_update and "updated" or "said",
      place_of(said), short(said.text), besides(said))
  end
  for _, said in ipairs(self.deleted) do
    lines[#lines + 1] = ("  deleted in %s: %q"):format(place_of(said), short(said.text))
  end
end

local function ack_line(self)
  if self.failure then
    return ("  not acked, the person sees %s%s"):format(self.failure,
      self.detail and ": " .. self.detail or "")
  elseif self.was_late then
    return "  acked too late: the deadline had answered"
  elseif not self.acked then
    return "  not acked yet"
  end
  return self.ack ~= nil and "  acked: " .. short(json.encode(self.ack)) or "  acked, empty"
end

local function title_of(view)
  local title = type(view.title) == "table" and view.title.text
  return title or view.callback_id or ""
end

function Result:__tostring()
  local lines = { self.what }
  if self.is_delivery then
    lines[#lines + 1] = ack_line(self)
  end
  add_said(lines, self)
  if self.unmatched then
    lines[#lines + 1] = "  no listener takes it"
  end
  if #self.said == 0 then
    lines[#lines + 1] = "  said nothing"
  end
  if self.view then
    lines[#lines + 1] = ("  modal in front: %q"):format(title_of(self.view))
  end
  for _, call in ipairs(self.calls) do
    lines[#lines + 1] = ("  called %s: %s"):format(call.method, call.error or "ok")
  end
  if (self.waiting or 0) > 0 then
    lines[#lines + 1] = ("  %d call%s by Slack's limits until time passes"):format(self.waiting,
      self.waiting == 1 and " waits" or "s wait")
  end
  for _, asked in ipairs(self.fetched) do
    lines[#lines + 1] = ("  fetched %s %s: %s"):format(asked.method, asked.url,
      asked.status or asked.error or "no answer")
  end
  for _, failure in ipairs(self.errors) do
    lines[#lines + 1] = "  error: " .. failure.message
  end
  return table.concat(lines, "\n")
end

return Result
