-- What handlers wait for in conversations, found by kind and by person, id or channel
-- without looking at the others, however many they are.
--
-- Of those that what comes is for, one gets it: one whose thread it stands in before one
-- whose channel it stands in, else the newest. Its task goes on a little later. What comes
-- for it until then is held, and offered anew when the task had its turn: it may wait again.
-- If the task is cancelled before that, what it was to get is offered anew too.

local Failures = require "slack.failures"
local fitted = require "slack.fitted"
local kinds = require "slack.kinds"
local loop = require "slack.loop"
local own_ids = require "slack.own_ids"
local scheduler = require "slack.scheduler"
local wait_filters = require "slack.wait_filters"

local trace = Failures.trace
local GETTERS, INDEXED = kinds.GETTERS, kinds.INDEXED

-- Steps of the loop in which a task that took something has its turn, also the one that it
-- may have raced for. Then what was taken is acked, unless it was.
local TURNS = 4
-- Seconds for which the other event of a message with a mention may come, and another
-- click on a button that was chosen.
local TWIN_LIFE, CLICK_LIFE = 30, 30

---@class slack.Waits
---@field count integer nothing is to be offered while it is 0
---@field kinds table<slack.Kind, table>
---@field twins table<string, { type: string, filter: slack.WaitFilter? }> messages that were
---  taken, and may come once more as another type of event
---@field twin_count integer
---@field ended table<string, true> own ids of what was chosen just now
---@field dispatch slack.Dispatch whose wait_routes tells other processes
local Waits = {}
Waits.__index = Waits
Waits.__name = "slack.waits"

---@param dispatch slack.Dispatch
---@return slack.Waits
function Waits.new(dispatch)
  return setmetatable({
    dispatch = dispatch, count = 0, made = 0, kinds = {}, twins = {}, twin_count = 0,
    ended = {},
  }, Waits)
end

---The waits of the app that a context belongs to.
---@param c slack.Context
---@return slack.Waits
function Waits.of(c)
  local dispatch = c.app.dispatch
  local waits = dispatch.waits
  if not waits then
    waits = Waits.new(dispatch)
    dispatch.waits = waits
    loop.hold(waits)
    if c.app.settings.workers > 1 and not dispatch.wait_routes then
      c.app.log:warn("a conversation begins, but there are %d workers: what people answer may "
        .. "reach another one, which does not wait for it", c.app.settings.workers)
    end
  end
  return waits
end

-- The index ----------------------------------------------------------------------------

local function new_kind()
  return { count = 0, users = {}, ids = {}, channels = {}, rest = {} }
end

-- The id that what comes must have, where it is the first of those that its kind has.
local function named_id(wait)
  local key = wait.compiled and wait.compiled.key
  if key and key.field == INDEXED[wait.kind][1] and not key[2] then
    return key[1]
  end
end

-- Which map of its kind it is found by, and under what key.
local function key_of(kind, wait)
  if wait.id then
    return kind.ids, wait.id
  elseif wait.user then
    return kind.users, wait.user
  elseif wait.channel_id and wait.has_channel then
    return kind.channels, wait.channel_id
  end
  local id = named_id(wait)
  if id then
    return kind.ids, id
  end
  return kind.rest, 1
end

---@param wait slack.Wait
function Waits:add(wait)
  local kind = self.kinds[wait.kind]
  if not kind then
    kind = new_kind()
    self.kinds[wait.kind] = kind
  end
  local map, key = key_of(kind, wait)
  local head = map[key]
  self.made = self.made + 1
  wait.number, wait.map, wait.key, wait.older = self.made, map, key, head
  if head then
    head.newer = wait
  end
  map[key] = wait
  kind.count = kind.count + 1
  self.count = self.count + 1
  local routes = self.dispatch.wait_routes
  if routes then
    routes:add(wait)
  end
end

local function remove(self, wait)
  local map, newer, older = wait.map, wait.newer, wait.older
  if not map then
    return
  end
  if newer then
    newer.older = older
  else
    map[wait.key] = older
  end
  if older then
    older.newer = newer
  end
  wait.map, wait.newer, wait.older = nil, nil, nil
  local kind = self.kinds[wait.kind]
  kind.count = kind.count - 1
  self.count = self.count - 1
  local routes = self.dispatch.wait_routes
  if routes then
    routes:remove(wait)
  end
end

---Takes it out, with its alternatives. Once more does nothing.
---@param wait slack.Wait
function Waits:remove(wait)
  local others = wait.others
  if not others then
    return remove(self, wait)
  end
  for i = 1, #others do
    remove(self, others[i])
  end
end

-- Taking -----------------------------------------------------------------------------

local function twin_key(c)
  return ("%s %s"):format(tostring(c.channel_id), tostring(c.message_ts))
end

local function forget_twin(twin)
  local waits = twin.waits
  local known = waits.twins[twin.key]
  if known then
    waits.twins[twin.key] = nil
    waits.count, waits.twin_count = waits.count - 1, waits.twin_count - 1
    local routes = waits.dispatch.wait_routes
    if routes and known.filter then
      routes:remove(known.filter)
    end
  end
end

local function give_back(c)
  c.app.dispatch:give_back(c)
end

---What was taken has not reached a task after all: it is for others.
---@param c slack.Context
function Waits.give_back(c)
  c.turns = nil -- it is not for us to ack
  local waits, key = Waits.of(c), twin_key(c)
  local twin = waits.twins[key]
  if twin and twin.type == c.type then
    forget_twin { waits = waits, key = key }
  end
  loop.defer(give_back, c)
end

-- Offers anew what was held, after its turns.
local function release(holder)
  holder.turns = holder.turns - 1
  if holder.turns > 0 then
    return loop.defer(release, holder)
  end
  local held = holder.held
  holder.held = nil
  for _, c in ipairs(held) do
    Waits.give_back(c)
  end
end

---Offers anew what came between the answer and the end of a wait.
---@param held slack.Context[]
function Waits.release(held)
  loop.defer(release, { held = held, turns = TURNS })
end

-- Of tasks that race one alone goes on: what comes for the others meanwhile is not for
-- them until it is known that they still wait.
local function hold_race(race)
  while race do
    if not race.held then
      race.held = {}
      loop.defer(release, race)
    end
    race.turns = TURNS
    race = race.above
  end
end

---Holds what has come for a wait of which it is known a little later whether it still waits.
---@param wait slack.Wait
---@param c slack.Context
---@return boolean held
function Waits.hold(wait, c)
  local waiter, race = wait.waiter, wait.race
  if waiter and waiter.settled then
    wait.held = wait.held or {}
    table.insert(wait.held, c)
    return true
  end
  while race do
    if race.held then
      table.insert(race.held, c)
      return true
    end
    race = race.above
  end
  return false
end

-- It has reached who waited for it, or would have.
local function end_entry(c)
  local inbox = c.app.inbox
  if inbox and c.request.entry then -- else it has ended, and given it back
    inbox:done(c.request)
  end
end

-- Acks what a task has taken, once that has had its turn.
local function settle(c)
  local turns, request = c.turns, c.request
  if not turns or request.acked and not request.entry then
    return
  elseif turns > 0 then
    c.turns = turns - 1
    return loop.defer(settle, c)
  end
  if not request.acked then
    c:ack()
  end
  end_entry(c)
end

-- A message that mentions the bot comes twice: it has been taken with the first.
local function expect_twin(self, c)
  local text = c.payload.text
  if type(text) ~= "string" or not text:find("<@", 1, true) then
    return
  end
  local key = twin_key(c)
  if self.twins[key] then
    return
  end
  local routes = self.dispatch.wait_routes
  local filter = routes and wait_filters.twin(c) or nil
  if routes then
    routes:add(filter) -- it may come to another process
  end
  self.twins[key] = { type = c.type, filter = filter }
  self.count, self.twin_count = self.count + 1, self.twin_count + 1
  loop.after(TWIN_LIFE, forget_twin, { waits = self, key = key })
end

local function is_twin(self, c)
  if self.twin_count == 0 or c.type ~= "app_mention" and c.type ~= "message" then
    return false
  end
  local key = twin_key(c)
  local first = self.twins[key]
  if first == nil or first.type == c.type then
    return false
  end
  forget_twin { waits = self, key = key }
  return true
end

---What has come belongs to the handler that waits for it.
---@param wait slack.Wait
---@param c slack.Context
function Waits.adopt(wait, c)
  local own = wait.c
  c.listener, c.log, c._job = own.listener, nil, own._job
end

---Gives a waiting task what has come.
---@param wait slack.Wait
---@param c slack.Context
---@param captures? any[]
function Waits.take(wait, c, captures)
  local waiter = wait.waiter
  Waits.adopt(wait, c)
  c.matches = captures
  waiter.wait = wait -- of alternatives, which one
  waiter:resolve(c)
  hold_race(wait.race)
  if wait.pass then
    return
  end
  c.turns = TURNS
  loop.defer(settle, c)
  if c.kind == "event" then
    expect_twin(Waits.of(c), c)
  end
end

local function forget_end(ended)
  ended.waits.ended[ended.id] = nil
end

---It was answered: what else comes for it is no surprise.
---@param id string own id
function Waits:note_end(id)
  self.ended[id] = true
  loop.after(CLICK_LIFE, forget_end, { waits = self, id = id })
end

local function move(map)
  local new = fitted(map)
  for _, wait in next, new do
    while wait do
      wait.map, wait = new, wait.older
    end
  end
  return new
end

---Makes what has held very many small again (relief.lua).
function Waits:shrink()
  for name, kind in pairs(self.kinds) do
    if kind.count == 0 then
      self.kinds[name] = nil
    else
      kind.users, kind.ids = move(kind.users), move(kind.ids)
      kind.channels, kind.rest = move(kind.channels), move(kind.rest)
    end
  end
  self.dispatch.jobs = fitted(self.dispatch.jobs)
  scheduler.shrink()
end

---Ends the tasks that still wait.
function Waits:cancel_all()
  local found = {}
  for _, kind in pairs(self.kinds) do
    for _, map in ipairs { kind.users, kind.ids, kind.channels, kind.rest } do
      for _, wait in pairs(map) do
        while wait do
          local waiter = wait.waiter or wait.form.waiter
          found[#found + 1] = waiter and waiter.task or nil
          wait = wait.older
        end
      end
    end
  end
  for _, task in ipairs(found) do
    task:cancel()
  end
end

-- Offering -----------------------------------------------------------------------------

-- What a filter raises is raised where it waits.
local function test(wait, c)
  if not wait.compiled then
    return wait.test(wait, c)
  end
  local ok, rank, captures = xpcall(wait.test, trace, wait, c)
  if not ok then
    wait.waiter:resolve(nil, rank)
    return nil
  end
  return rank, captures
end

-- Looks for a better one in a chain.
local function search(wait, c, best, best_rank, captures)
  while wait do
    local older = wait.older
    local rank, found = test(wait, c)
    if rank and wait.pass and not wait.waiter.settled and not wait.early then
      c.is_seen_to = true
      Waits.take(wait, c:_fork(), found)
    elseif rank and (not best or rank > best_rank
      or rank == best_rank and wait.number > best.number) then
      best, best_rank, captures = wait, rank, found
    end
    wait = older
  end
  return best, best_rank, captures
end

-- The ids under which waits for it may be.
local function ids_of(c)
  local part = c.payload
  if c.kind == "action" then
    return own_ids.of(part.action_id)
  elseif c.kind == "view" then
    return part.root_view_id, part.external_id
  end
end

local function find(kind, c)
  local users, ids, channels = kind.users, kind.ids, kind.channels
  local user, channel = c.user_id, c.channel_id
  local first, second = ids_of(c)
  local named = GETTERS[c.kind][INDEXED[c.kind][1]](c.payload, c)
  local best, rank, captures = search(user and users[user], c)
  best, rank, captures = search(channel and channels[channel], c, best, rank, captures)
  best, rank, captures = search(first and ids[first], c, best, rank, captures)
  best, rank, captures = search(second and ids[second], c, best, rank, captures)
  best, rank, captures = search(named ~= nil and ids[named], c, best, rank, captures)
  return search(kind.rest[1], c, best, rank, captures)
end

-- The maps and keys under which what has come may be waited for.
local function may_find(kind, c)
  local first, second = ids_of(c)
  local named = GETTERS[c.kind][INDEXED[c.kind][1]](c.payload, c)
  local ids = kind.ids
  return c.user_id and kind.users[c.user_id] or c.channel_id and kind.channels[c.channel_id]
    or first and ids[first] or second and ids[second] or named ~= nil and ids[named]
    or kind.rest[1]
end

---Whether somebody here may want it: to be offered, it has to be tried.
---@param c slack.Context
---@return boolean
function Waits:may_take(c)
  local kind = self.kinds[c.kind]
  return kind ~= nil and kind.count > 0 and may_find(kind, c) and true
    or self.twin_count > 0 and self.twins[twin_key(c)] ~= nil
end

---Offers to those who wait what has come.
---@param c slack.Context
---@return boolean taken by one of them
function Waits:offer(c)
  if is_twin(self, c) then
    end_entry(c)
    return true
  end
  local kind = self.kinds[c.kind]
  if not kind or kind.count == 0 then
    return false
  end
  local wait, _, captures = find(kind, c)
  if not wait then
    return false
  elseif Waits.hold(wait, c) then
    return true
  elseif wait.early then
    table.insert(wait.early, c)
    return true
  elseif wait.turn_away and wait.turn_away(wait, c) then
    end_entry(c)
    return true
  end
  Waits.take(wait, c, captures)
  return true
end

return Waits
