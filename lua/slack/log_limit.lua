-- Keeps what others can cause from filling the log: one line about the same thing in
-- a while.

---@class slack.LogLimit
---@field said table<string, { at: number, unsaid: integer }> by what it is about
---@field count integer of these
local LogLimit = {}
LogLimit.__index = LogLimit
LogLimit.__name = "slack.log_limit"

---@param clock fun(): number
---@param period number seconds between two lines about the same
---@param most? integer things remembered, 256: with one more all are forgotten
---@return slack.LogLimit
function LogLimit.new(clock, period, most)
  return setmetatable({ clock = clock, period = period, most = most or 256, said = {}, count = 0 },
    LogLimit)
end

---Whether a line about it is to be written now.
---@param what string
---@return boolean is_due
---@return integer unsaid how often there was none since the last line
function LogLimit:is_due(what)
  local now, said = self.clock(), self.said[what]
  if said and now - said.at < self.period then
    said.unsaid = said.unsaid + 1
    return false, said.unsaid
  elseif not said and self.count >= self.most then
    self.said, self.count = {}, 0
  end
  self.count = self.count + (said and 0 or 1)
  self.said[what] = { at = now, unsaid = 0 }
  return true, said and said.unsaid or 0
end

return LogLimit
