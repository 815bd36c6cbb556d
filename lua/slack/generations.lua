-- Values by key, of which those asked for lately are kept. Two generations bound their
-- number: when the young one is full the old one goes, but for what was asked for since.

---@class slack.Generations
---@field limit integer
---@field young table<any, any>
---@field old table<any, any>
---@field count integer of the young
local Generations = {}
Generations.__index = Generations
Generations.__name = "slack.generations"

---@param limit integer values kept at most
---@return slack.Generations
function Generations.new(limit)
  return setmetatable({ limit = limit, young = {}, old = {}, count = 0 }, Generations)
end

---@param key any
---@param value any
function Generations:put(key, value)
  if self.young[key] == nil then
    if self.count >= self.limit // 2 then
      self.old, self.young, self.count = self.young, {}, 0
    end
    self.count = self.count + 1
  end
  self.old[key] = nil
  self.young[key] = value
end

---@param key any
---@return any value
function Generations:get(key)
  local value = self.young[key]
  if value == nil then
    value = self.old[key]
    if value ~= nil then
      self:put(key, value)
    end
  end
  return value
end

---How many values there are.
---@return integer
function Generations:size()
  local size = 0
  for _, generation in ipairs { self.young, self.old } do
    for _ in pairs(generation) do
      size = size + 1
    end
  end
  return size
end

local function take_out(self, generation, key)
  if generation[key] ~= nil and generation == self.young then
    self.count = self.count - 1
  end
  generation[key] = nil
end

---@param key any
function Generations:remove(key)
  take_out(self, self.young, key)
  take_out(self, self.old, key)
end

---Removes what is meant; without a function, all.
---@param is_meant? fun(value: any, key: any): boolean?
function Generations:clear(is_meant)
  if not is_meant then
    self.young, self.old, self.count = {}, {}, 0
    return
  end
  for _, generation in ipairs { self.young, self.old } do
    for key, value in pairs(generation) do
      if is_meant(value, key) then
        take_out(self, generation, key)
      end
    end
  end
end

return Generations
