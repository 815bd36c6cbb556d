-- What calls that wait for people are given: who, where, how long, and for what. Each
-- function gives what it has read, or nil and the problem in words.

local Listener = require "slack.listener"
local constraints = require "slack.constraints"
local json = require "slack.json"
local kinds = require "slack.kinds"
local mention = require "slack.mention"
local merged = require "slack.merged"
local near_miss = require "slack.near_miss"
local place = require "slack.place"
local sorted_keys = require "slack.sorted_keys"

local METHODS = kinds.METHODS
local accept = constraints.accept

local M = {}

-- Who, where, how long ------------------------------------------------------------------

local function unknown(name, known)
  return ("unknown option %q%s (known are %s)"):format(tostring(name), near_miss(name, known),
    table.concat(sorted_keys(known), ", "))
end

---Checks the names of options.
---@param given table
---@param known table<string, any>
---@return true? ok
---@return string? problem
function M.check_names(given, known)
  for name in pairs(given) do
    if not known[name] then
      return nil, unknown(name, known)
    end
  end
  return true
end

---Seconds to wait; nil as the first result without a problem: as long as it takes.
---@param timeout any
---@param default number
---@return number? seconds
---@return string? problem
function M.timeout(timeout, default)
  if timeout == nil then
    return default
  elseif timeout == false or timeout == math.huge then
    return nil
  elseif type(timeout) ~= "number" or timeout ~= timeout or timeout < 0 then
    return nil, "timeout: seconds expected, or false for as long as it takes, got "
      .. (type(timeout) == "number" and tostring(timeout) or type(timeout))
  end
  return timeout
end

local EXPECTED = "from: the id of a person, a list of ids, or \"anyone\" expected, got "

local function person_problem(id)
  if type(id) ~= "string" then
    return EXPECTED .. "a list with a " .. type(id)
  end
  local problem = kinds.id_problem("user", id)
  return problem and "from: " .. problem
end

local function set_of(list)
  local set = {}
  for _, id in ipairs(list) do
    local problem = person_problem(id)
    if problem then
      return nil, problem
    end
    set[id] = true
  end
  return set
end

---Whether it is the id of a person, to whom a message can be posted as to a channel.
---@param id any
---@return boolean
function M.is_person(id)
  return type(id) == "string" and id:find "^[UW]" ~= nil
end

---Notes in a wait whose it must be: by default of who is asked in a direct message, else of
---who the trigger is from.
---@param wait slack.Wait
---@param from any
---@param channel? any where it is asked
---@return true? ok
---@return string? problem
function M.add_person(wait, from, channel)
  if from == nil then
    wait.user = M.is_person(channel) and channel or wait.c.user_id
    return wait.user ~= nil, not wait.user and "from: nobody is behind this " .. wait.c.kind
      .. ": give the id of a person, or \"anyone\"" or nil
  elseif from == "anyone" then
    return true
  elseif type(from) == "string" then
    wait.user = from
    local problem = person_problem(from)
    return not problem, problem
  elseif type(from) == "table" and type(from[1]) == "string" then
    local problem
    wait.people, problem = set_of(from)
    return wait.people and true, problem
  end
  return nil, EXPECTED .. type(from)
end

---Whether the person of what came is one who is waited for.
---@param wait slack.Wait
---@param c slack.Context
---@return boolean
function M.is_from(wait, c)
  local user, people = wait.user, wait.people
  if user then
    return c.user_id == user
  end
  return not people or people[c.user_id or ""] == true
end

-- A message that was sent, or the ts of one.
local function ts_of(value)
  if type(value) == "table" then
    value = value.ts
  end
  return type(value) == "string" and value or nil
end

local function add_thread(wait, thread)
  if type(thread) == "boolean" then
    wait.in_threads = thread
  elseif thread == "anywhere" then
    wait.is_anywhere = true
  else
    wait.thread_ts = ts_of(thread)
    if not wait.thread_ts then
      return nil, "thread: the ts of a message, true, false or \"anywhere\" expected, got "
        .. type(thread)
    end
  end
  return true
end

local function channel_problem(channel)
  if channel == nil or channel == "anywhere" then
    return nil
  elseif type(channel) ~= "string" then
    return "channel: the id of a channel or \"anywhere\" expected, got " .. type(channel)
  end
  local problem = kinds.id_problem("channel", channel)
  return problem and "channel: " .. problem
end

---Notes in a wait where it is to happen: by default where its handler's trigger was.
---@param wait slack.Wait
---@param channel any
---@param thread any
---@return true? ok
---@return string? problem
function M.add_place(wait, channel, thread)
  local c, problem = wait.c, channel_problem(channel)
  if problem then
    return nil, problem
  elseif channel == nil then
    wait.channel_id = c.channel_id
  elseif channel ~= "anywhere" then
    wait.channel_id, wait.has_channel = channel, true
  end
  if thread ~= nil then
    return add_thread(wait, thread)
  elseif c.channel_id and (channel == nil or channel == c.channel_id) then
    wait.thread_ts = place.thread_of(c)
    wait.root_ts = not wait.thread_ts and c.message_ts or nil
  else
    wait.is_anywhere = true
  end
  return true
end

-- For what --------------------------------------------------------------------------------

-- What c:wait can wait for: the methods of app that listen for the same.
local WHAT = {
  event = true, message = true, command = true, action = true, shortcut = true, view = true,
  view_closed = true,
}

-- What always comes from a channel is found by that.
local PLACED = { message = true, command = true }
local ALTERNATIVE = {
  from = true, channel = true, thread = true, on = true, filter = true, pass = true,
}
local ONE = merged(WHAT, ALTERNATIVE) -- of a list
local LIST = merged(ALTERNATIVE, { timeout = true })
local ALL = merged(WHAT, LIST)

-- What is compiled for plain texts, while somebody waits for them.
local cache = {}
for name in pairs(WHAT) do
  cache[name] = setmetatable({}, { __mode = "v" })
end

local function compile(name, what)
  local compiled, problem = constraints.compile(name, what ~= true and what or {}, true)
  if not compiled then
    return nil, ("%s: %s"):format(name, problem)
  elseif compiled.lanes_options then
    return nil, name .. ": order, concurrency, queue and overload are for listeners"
  end
  return compiled
end

local function compiled_for(name, what)
  local is_plain = what == true or type(what) == "string"
  local compiled, problem = is_plain and cache[name][what] or nil, nil
  if not compiled then
    compiled, problem = compile(name, what)
    if compiled and is_plain then
      cache[name][what] = compiled
    end
  end
  return compiled, problem
end

local function what_of(given)
  local found
  for name in pairs(WHAT) do
    if given[name] ~= nil then
      if found then
        return nil, ("%s and %s at once: give each in a table of its own"):format(
          found < name and found or name, found < name and name or found)
      end
      found = name
    end
  end
  if not found then
    return nil, "what for? One of " .. table.concat(sorted_keys(WHAT), ", ") .. " expected"
  end
  return found
end

-- Of a mention there may be two events: the other one is not what is waited for.
local function is_trigger(own, c)
  local ts = c.kind == "event" and own.kind == "event" and c.payload.ts
  return ts and ts == own.payload.ts and c.channel_id == own.channel_id
end

---The test of c:wait.
---@param wait slack.Wait
---@param c slack.Context
---@return integer? rank
---@return any[]? captures
local function is_for(wait, c)
  local on, compiled, filter = wait.on, wait.compiled, wait.filter
  if not M.is_from(wait, c) or on and c.message_ts ~= on or is_trigger(wait.c, c) then
    return nil
  end
  local rank = place.rank(wait, c)
  if not rank then
    return nil
  end
  local ok, captures = accept(compiled, c)
  if not ok or filter and not filter(c) then
    return nil
  elseif compiled.mention then
    c.text = mention.text(c)
  end
  return rank, captures
end

local function add_rest(wait, given)
  local filter, on = given.filter, given.on
  if filter ~= nil and not Listener.is_callable(filter) then
    return nil, "filter: function expected, got " .. type(filter)
  elseif on ~= nil and not ts_of(on) then
    return nil, "on: a message or its ts expected, got " .. type(on)
  end
  wait.filter, wait.on, wait.pass = filter, ts_of(on), given.pass and true or nil
  return true
end

local function read_one(c, given, names)
  local ok, problem = M.check_names(given, names)
  local name, compiled
  if ok then
    name, problem = what_of(given)
  end
  if name then
    compiled, problem = compiled_for(name, given[name])
  end
  if not compiled then
    return nil, problem
  end
  local wait = { c = c, kind = METHODS[name].kind, compiled = compiled, test = is_for }
  ok, problem = M.add_person(wait, given.from)
  if ok then
    ok, problem = M.add_place(wait, given.channel, given.thread)
  end
  if ok then
    wait.has_channel = wait.has_channel or PLACED[name] and wait.channel_id ~= nil
    ok, problem = add_rest(wait, given)
  end
  return ok and wait, problem
end

-- Beside a list may stand what holds for all of it.
local function check_list(given)
  for name in pairs(given) do
    if math.type(name) ~= "integer" and not LIST[name] then
      return nil, WHAT[name] and name .. ": beside a list: give it in a table of its own"
        or unknown(name, LIST)
    end
  end
  return true
end

local function read_list(c, given)
  local ok, wrong = check_list(given)
  if not ok then
    return nil, wrong
  end
  local list = {}
  for i, one in ipairs(given) do
    if type(one) ~= "table" then
      return nil, ("%d: a table like { event = \"reaction_added\" } expected, got %s")
        :format(i, type(one))
    end
    local whole = {}
    for name in pairs(ALTERNATIVE) do
      whole[name] = given[name]
    end
    for name, value in pairs(one) do
      whole[name] = value
    end
    local wait, problem = read_one(c, whole, ONE)
    if not wait then
      return nil, ("%d: %s"):format(i, problem)
    end
    list[i] = wait
  end
  return list
end

---What c:wait is given.
---@param c slack.Context
---@param given any
---@return slack.Wait[]? list not waiting yet
---@return string? problem
function M.read(c, given)
  if type(given) ~= "table" or json.is_list(given) and given[1] == nil then
    return nil, "a table expected, got " .. type(given)
  elseif given[1] ~= nil then
    return read_list(c, given)
  end
  local wait, problem = read_one(c, given, ALL)
  return wait and { wait }, problem
end

return M
