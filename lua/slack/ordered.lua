-- Lists of listeners in the order of their registration. The list of a holder is
-- replaced by a copy, not changed, when somebody may be reading it: one that was made
-- since the last reading began is nobody's but the holder's.

-- SPAN: of the numbers of listeners, those of one ledger come before those of the next.
local M = { SPAN = 1 << 40 }

---@class slack.ListHolder
---@field list slack.Listener[] by order
---@field made integer the reading before which the list was made or copied

---@param reading integer how many readings have begun
---@return slack.ListHolder
function M.new(reading)
  return { list = {}, made = reading }
end

-- The first place whose listener is not before the order.
local function place_in(list, order)
  local low, high = 1, #list + 1
  if high == 1 or list[high - 1].order < order then
    return high
  end
  while low < high do
    local middle = (low + high) // 2
    if list[middle].order < order then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

local function own_list(holder, reading)
  local list = holder.list
  if holder.made ~= reading then
    list = table.move(list, 1, #list, 1, {})
    holder.list, holder.made = list, reading
  end
  return list
end

---@param holder slack.ListHolder
---@param listener slack.Listener
---@param reading integer
function M.insert(holder, listener, reading)
  local list = own_list(holder, reading)
  table.insert(list, place_in(list, listener.order), listener)
end

---@param holder slack.ListHolder
---@param listener slack.Listener
---@param reading integer
---@return boolean whether it was there
function M.remove(holder, listener, reading)
  local i = place_in(holder.list, listener.order)
  if holder.list[i] ~= listener then
    return false
  end
  table.remove(own_list(holder, reading), i)
  return true
end

return M
