-- A queue whose items may leave it anywhere. An item is a table that stands in one queue
-- at a time; the queue keeps its neighbors in it.

---@class slack.Fifo
---@field first? table
---@field last? table
local Fifo = {}
Fifo.__index = Fifo
Fifo.__name = "slack.fifo"

---@return slack.Fifo
function Fifo.new()
  return setmetatable({}, Fifo)
end

---@param item table
function Fifo:push(item)
  local last = self.last
  item.before, item.after = last, nil
  if last then
    last.after = item
  else
    self.first = item
  end
  self.last = item
end

---@param item table
---@param after table one that stands in this queue, which it is to stand before
function Fifo:insert(item, after)
  local before = after.before
  item.before, item.after, after.before = before, after, item
  if before then
    before.after = item
  else
    self.first = item
  end
end

---@param item table one that stands in this queue
function Fifo:remove(item)
  local before, after = item.before, item.after
  if before then
    before.after = after
  else
    self.first = after
  end
  if after then
    after.before = before
  else
    self.last = before
  end
  item.before, item.after = nil, nil
end

return Fifo
