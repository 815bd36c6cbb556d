-- Middleware that the framework brings: a function with a name, so that it can be told from
-- the predicates that may stand in its place.

---@class slack.Middleware
---@field run fun(c: slack.Context, next?: fun(): any): any next is nil where it stands as the
---  `what` of a listener: then it says whether that takes c
---@field name string as it is written
local Middleware = {}
Middleware.__index = Middleware
Middleware.__name = "slack.middleware"

---@param name string
---@param run fun(c: slack.Context, next?: fun(): any): any
---@return slack.Middleware
function Middleware.new(name, run)
  return setmetatable({ name = name, run = run }, Middleware)
end

function Middleware:__call(c, next)
  return self.run(c, next)
end

function Middleware:__tostring()
  return self.name
end

return Middleware
