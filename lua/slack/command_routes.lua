-- The routes of a slash command, in place of its handler: which of them is for the
-- words that a person typed, and what is answered when none is.

local CommandRoute = require "slack.command_route"
local Listener = require "slack.listener"
local chain = require "slack.chain"
local command_words = require "slack.command_words"
local near_miss = require "slack.near_miss"
local sorted_keys = require "slack.sorted_keys"

local unpack = table.unpack

-- Bytes of a word that are held against those that are known.
local MOST_COMPARED = 40

---@class slack.CommandRoutes
---@field routes slack.CommandRoute[] the most particular first
---@field listed slack.CommandRoute[] as they are shown, in the order of their lines
---@field listener slack.Listener
local CommandRoutes = {}
CommandRoutes.__index = CommandRoutes
CommandRoutes.__name = "slack.command_routes"

-- Making --------------------------------------------------------------------------------

local function by_rank(a, b)
  if a.rank ~= b.rank then
    return a.rank < b.rank
  end
  return a.text < b.text
end

local function by_place(a, b)
  local file, line = a.place:match "^(.*):(%d+)$"
  local other_file, other_line = b.place:match "^(.*):(%d+)$"
  if file ~= other_file then
    return file < other_file
  elseif line ~= other_line then
    return tonumber(line) < tonumber(other_line)
  end
  return a.text < b.text
end

local function check_distinct(routes)
  for i, route in ipairs(routes) do
    for j = i + 1, #routes do
      if route:is_like(routes[j]) then
        return ("routes %q and %q are for the same words: nothing tells which is meant")
          :format(route.text, routes[j].text)
      end
    end
  end
end

---@param map table<string, any> handlers by the texts of their routes
---@return slack.CommandRoutes? routes
---@return string? problem
function CommandRoutes.new(map)
  local routes = {}
  for _, text in ipairs(sorted_keys(map)) do
    local route, problem = CommandRoute.new(text, map[text])
    if not route then
      return nil, problem
    end
    routes[#routes + 1] = route
  end
  if #routes == 0 then
    return nil, 'routes: at least one expected, like ["status"] = function(c) … end'
  end
  table.sort(routes, by_rank)
  local problem = check_distinct(routes)
  if problem then
    return nil, problem
  end
  local listed = table.move(routes, 1, #routes, 1, {})
  table.sort(listed, by_place)
  return setmetatable({ routes = routes, listed = listed }, CommandRoutes)
end

-- Answers ---------------------------------------------------------------------------------

local function answer(c, text)
  local content = { response_type = "ephemeral", text = text }
  if c.request.acked then
    c:respond(content)
    return nil
  end
  return content
end

local function usage_lines(list, command)
  local lines = {}
  for i, route in ipairs(list) do
    lines[i] = route:usage(command) .. (route.help and "  " .. route.help or "")
  end
  return table.concat(lines, "\n")
end

-- First words that routes have of their own.
local function first_words(self)
  local known = { help = true }
  for _, route in ipairs(self.routes) do
    local first = route.segments[1]
    for word in pairs(first and first.literals or {}) do
      known[word] = true
    end
  end
  return known
end

local function word_meant(self, typed)
  local word = typed.words[1]
  return word.is_quoted and "" or near_miss(word.text:sub(1, MOST_COMPARED), first_words(self))
end

-- Not even the first word of any route was there.
local function is_stray(miss)
  local first = miss.route.segments[1]
  return miss.matched == 0 and (not first or first.literals ~= nil)
end

local function is_nearer(miss, other)
  if not other then
    return true
  elseif miss.literals ~= other.literals then
    return miss.literals > other.literals
  elseif miss.matched ~= other.matched then
    return miss.matched > other.matched
  end
  return is_stray(other) and not is_stray(miss)
end

local function missed(self, c, typed, miss)
  local meant = miss.matched == 0 and word_meant(self, typed) or ""
  if meant ~= "" or is_stray(miss) then
    return answer(c, ("%s: there is no %s%s\n%s"):format(typed.command,
      command_words.quote(typed.words[1].text), meant, usage_lines(self.listed, typed.command)))
  end
  if miss.is_setting and not self.is_told then
    self.is_told = true
    c.log:warn("%s", miss.problem)
  end
  return answer(c, ("%s: %s\n%s\n`%s help` shows what else there is."):format(typed.command,
    miss.problem, usage_lines({ miss.route }, typed.command), typed.command))
end

-- Routes that begin with the words behind "help"; all when none do.
local function asked_for(self, words)
  local found = {}
  for _, route in ipairs(self.listed) do
    local fits = true
    for i = 2, #words do
      local segment = route.segments[i - 1]
      fits = fits and segment and segment.literals and segment.literals[words[i].text:lower()]
    end
    found[#found + 1] = fits and route or nil
  end
  return found[1] and found or self.listed
end

-- Running ----------------------------------------------------------------------------------

local function is_help(word)
  return word ~= nil and not word.is_quoted and word.text:lower() == "help"
end

-- Only a route with "help" as a word of its own comes before the help that is made here.
local function takes_help(route)
  local first = route.segments[1]
  return first ~= nil and first.literals ~= nil and first.literals.help ~= nil
end

local function find(self, typed)
  local asks_help, nearest = is_help(typed.words[1]) and not typed.words[2], nil
  for _, route in ipairs(self.routes) do
    if not asks_help or takes_help(route) then
      local params, miss = route:match(typed)
      if params then
        return route, params
      elseif is_nearer(miss, nearest) then
        nearest = miss
      end
    end
  end
  return nil, nearest
end

-- What stands in for the command's listener while a route of it runs.
local function listener_of(route, listener)
  local own = route.listener
  if not own then
    own = setmetatable({
      what = ("%s %q"):format(listener.what, route.text), place = route.place, of = listener,
    }, { __index = listener, __tostring = Listener.__tostring })
    route.listener = own
  end
  return own
end

local function handle(route, c)
  local value = route.handler(c)
  c:_settle(value)
  return value
end

local function run(route, c, params)
  c.params, c.listener = params, listener_of(route, c.listener)
  rawset(c, "log", nil) -- it names the listener
  if not route.middleware[1] then
    return route.handler(c)
  end
  return chain({ layers = route.middleware, c = c, job = route, last = handle }, 1)
end

---The handler of the command.
---@async
---@param c slack.Context
---@return any
function CommandRoutes:__call(c)
  local text = type(c.payload.text) == "string" and c.payload.text or ""
  local words
  words, text = command_words.split(text)
  local typed = { words = words, text = text, command = tostring(c.payload.command) }
  local route, found = find(self, typed)
  if route then
    return run(route, c, found)
  elseif not words[1] or is_help(words[1]) then
    return answer(c, usage_lines(asked_for(self, words), typed.command))
  end
  return missed(self, c, typed, found)
end

---A listener for a command, from the arguments of app:command.
---@param method_name string
---@param ... any what, [middleware…,] table of routes
---@return slack.Listener? listener
---@return string? problem what is wrong with the arguments
function CommandRoutes.new_listener(method_name, ...)
  local arguments, count = { ... }, select("#", ...)
  local routes, problem = CommandRoutes.new(arguments[count])
  if not routes then
    return nil, problem
  end
  arguments[count] = routes
  local listener
  listener, problem = Listener.new(method_name, unpack(arguments, 1, count))
  if listener then
    listener:own_plan().place = routes.listed[1].place
  end
  return listener, problem
end

return CommandRoutes
