-- Processes of one app that reach each other without a Redis: messages are delivered at the
-- next step of the loop, in order.

local Peers = require "slack.peers"
local json = require "slack.json"
local loop = require "slack.loop"
local logs = require "slack.log"

local M = {}
M.__index = M

---@return table bus
function M.new()
  return setmetatable({ alive = {}, messages = {}, is_down = false }, M)
end

local function owners_but(self, name)
  local list = {}
  for other in pairs(self.alive) do
    list[#list + 1] = other ~= name and other or nil
  end
  table.sort(list)
  return list
end

local DOWN = { code = "connection", message = "the bus is down" }

---What carries messages of one process.
---@param name string
---@param receive fun(text: string)
---@return table carrier
function M:carrier(name, receive)
  self.alive[name] = receive
  return {
    name = name,
    owners = function()
      if self.is_down then
        return nil, DOWN
      end
      return owners_but(self, name)
    end,
    send = function(_, other, text)
      if self.is_down then
        return nil, DOWN
      elseif not self.alive[other] then
        return false
      end
      table.insert(self.messages, { from = name, to = other, text = text })
      loop.defer(function()
        if self.alive[other] then
          self.alive[other](text)
        end
      end)
      return true
    end,
  }
end

---A process with nothing but its peers.
---@param name string
---@param given? table settings of slack.Peers
---@return slack.Peers
function M:process(name, given)
  local peers
  local lines = {}
  local settings = {
    log = logs.new { level = "debug", sink = function(line) table.insert(lines, line) end },
    lease = 30,
    carrier = self:carrier(name, function(text) peers:receive(text) end),
  }
  for key, value in pairs(given or {}) do
    settings[key] = value
  end
  peers = Peers.new(settings)
  peers.lines = lines
  peers:open()
  return peers
end

---A crash: its messages find nobody.
---@param name string
function M:kill(name)
  self.alive[name] = nil
end

---The messages of a type that were sent, decoded.
---@param type string
---@return table[]
function M:sent(type)
  local found = {}
  for _, message in ipairs(self.messages) do
    local decoded = json.decode(message.text)
    if decoded.type == type then
      decoded.to = message.to
      found[#found + 1] = decoded
    end
  end
  return found
end

---Lets everything go on that can.
function M.settle()
  for _ = 1, 12 do
    loop.step(0)
  end
end

return M
