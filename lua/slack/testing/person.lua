-- One of the people of a test: what they do is what the test has methods for, done by them.

local actions = require "slack.testing.actions"
local merged = require "slack.merged"
local people = require "slack.testing.people"
local pressing = require "slack.testing.pressing"

local all = merged(actions, pressing)

---@class slack.testing.Person: slack.testing.Actions
---@field id string
---@field name string
local Person = {}
Person.__index = Person
Person.__name = "slack.testing.person"

local Guard = {}

function Guard:__close()
  self.t.acting = self.before
end

for name, method in pairs(all) do
  Person[name] = function(self, ...)
    local t = self._test
    local guard <close> = setmetatable({ t = t, before = t.acting }, Guard) -- luacheck: ignore 211
    t.acting = self.name
    local result = method(t, ...)
    return result
  end
end

function Person:__tostring()
  return self.name
end

local M = { actions = all }

---@param t slack.Test
---@param name string
---@return slack.testing.Person
function M.new(t, name)
  local user = people.person(t.slack.workspace, name)
  return setmetatable({ id = user.id, name = user.name, _test = t }, Person)
end

return M
