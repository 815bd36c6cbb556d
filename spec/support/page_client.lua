-- A page of the local Slack without a browser: its requests, and its WebSocket's frames
-- as tables.
local RawClient = require "support.raw_client"
local frames = require "support.frames"
local json = require "slack.json"
local slack = require "slack"
local tasks = require "slack.tasks"

local PATIENCE <const>, TEXT <const>, PING <const>, PONG <const> = 20, 1, 9, 10

local PageClient = {}
PageClient.__index = PageClient

---Opens a page and waits for its hello.
---@async
---@param here slack.Sandbox
---@param wishes? table what it asks of POST live
function PageClient.open(here, wishes)
  local url = here:page_url()
  local response = assert(slack.fetch(url .. "live", { method = "POST", json = wishes or {} }))
  assert(response.status == 200, response.body)
  local port, target = response:json().url:match "^ws://127%.0%.0%.1:(%d+)(/.*)$"
  local self = setmetatable({ wire = RawClient.connect(tonumber(port)), frames = {}, taken = 0,
    answered = 0, last_id = 0, said = {}, pongs = true }, PageClient)
  self.wire:send(frames.upgrade(target))
  self.hello = self:wait "hello"
  return self
end

-- Takes what has come since the last time; answers pings, as browsers do.
local function take(self)
  local _, head_end = self.wire:received():find "\r\n\r\n"
  if not head_end then
    return
  end
  local list = frames.split(self.wire:received():sub(head_end + 1))
  for i = self.taken + 1, #list do
    if list[i].opcode == TEXT then
      table.insert(self.frames, assert(json.decode(list[i].payload)))
    elseif list[i].opcode == PING and self.pongs then
      self.wire:send(frames.masked(PONG, list[i].payload))
    end
  end
  self.taken = #list
end

---Takes what has come, and answers pings.
function PageClient:look()
  take(self)
end

---Waits for a frame of a type that accept(frame) takes, from one place on.
---@async
---@param kind string
---@param accept? fun(frame: table): any
---@param from? integer
---@return table frame, integer place
function PageClient:wait(kind, accept, from)
  local until_time = os.time() + PATIENCE
  repeat
    take(self)
    for i = from or 1, #self.frames do
      if self.frames[i].type == kind and (not accept or accept(self.frames[i])) then
        return self.frames[i], i
      end
    end
    tasks.sleep(0.005)
  until os.time() > until_time
  error("no such frame came: " .. kind, 2)
end

---Sends text as it is.
---@param text string
function PageClient:send(text)
  self.wire:send(frames.masked(TEXT, text))
end

---Does something and waits for the reply.
---@async
---@param act string
---@param fields? table
---@return table? result, string? error
function PageClient:act(act, fields)
  self.last_id = self.last_id + 1
  local frame = { id = self.last_id, act = act }
  for name, value in pairs(fields or {}) do
    frame[name] = value
  end
  self:send(assert(json.encode(frame)))
  local reply = self:wait("reply", function(other) return other.id == frame.id end)
  return reply.result, reply.error
end

---Waits for a message of a channel, as a delta tells it.
---@async
---@param accept fun(message: table): any
---@return table message
function PageClient:message(accept)
  local found
  self:wait("messages", function(frame)
    for _, message in ipairs(frame.upsert) do
      found = accept(message) and message or found
    end
    return found
  end)
  return found
end

---The id of a channel or user of hello, by name.
function PageClient:id(name)
  for _, list in ipairs { self.hello.channels, self.hello.users } do
    for _, item in ipairs(list) do
      if item.name == name then
        return item.id
      end
    end
  end
end

function PageClient:close()
  if self.wire then
    self.wire:close()
    self.wire = nil
  end
end

PageClient.__close = PageClient.close

return PageClient
