-- slack.only: middleware for some kinds of deliveries.

local kinds = require "slack.kinds"
local near_miss = require "slack.near_miss"
local sorted_keys = require "slack.sorted_keys"
local value_tests = require "slack.value_tests"

local METHODS = kinds.METHODS

-- The methods that register listeners name what there is; any is all of it.
local NAMES = {}
for name in pairs(METHODS) do
  NAMES[name] = name ~= "any" or nil
end

local function check(name, position)
  if type(name) ~= "string" then
    return ("argument %d: the name of a kind expected, got %s"):format(position, type(name))
  elseif not NAMES[name] then
    return ("unknown kind %q%s (known are %s)"):format(name, near_miss(name, NAMES),
      table.concat(sorted_keys(NAMES), ", "))
  end
end

local function is_one(c, name)
  local method = METHODS[name]
  local wanted = method.always and method.always.type or method.unless and method.unless.type
  return c.kind == method.kind and (wanted == nil or c.type == wanted)
end

local function is_one_of(c, names)
  for i = 1, #names do
    if is_one(c, names[i]) then
      return true
    end
  end
  return false
end

-- What is not of these kinds passes by the middleware.
local function around(names, inner)
  return function(c, next)
    if is_one_of(c, names) then
      return inner(c, next)
    end
    return next()
  end
end

-- What is not of these kinds goes no further.
local function gate(names)
  return function(c, next)
    if is_one_of(c, names) then
      return next()
    end
  end
end

---A middleware for deliveries of some kinds, named as the methods that register listeners
---for them: `app:use(slack.only("command", "action", check_rights))`. Other kinds go on
---without it. Without a middleware at the end the others go no further, and are acked empty.
---@param ... string|fun(c: slack.Context, next: fun(): any): any kinds, then the middleware
---@return fun(c: slack.Context, next: fun(): any): any
return function(...)
  local names, count, inner = { ... }, select("#", ...), nil
  if count > 0 and value_tests.is_callable(names[count]) then
    inner, names[count], count = names[count], nil, count - 1
  end
  local problem = count == 0 and "the name of a kind expected, as \"command\""
  for i = 1, count do
    problem = problem or check(names[i], i)
  end
  if problem then
    error("slack.only: " .. problem, 2)
  end
  return inner and around(names, inner) or gate(names)
end
