-- Which of many plain texts stand anywhere in a message, in one pass over it, however
-- many there are and whatever they have in common (src/text_search.h).
--
-- A search in C is made once and never changed. So texts that come are looked for one by
-- one until a message finds more than a few of them, which then become a part of their
-- own, together with parts that are not much larger; texts that go are left standing
-- in their part until they are half of it. A change costs little that way, and there
-- are never more than a few parts.

local core = require "slack.core"
local ordered = require "slack.ordered"

local find = string.find

-- Up to so many texts each is looked for alone, which is faster.
local FEW = 4
-- Parts up to so many times the size of a new one become part of it.
local NOT_MUCH = 8
-- Lists of listeners handed out; more are made one.
local MOST_LISTS = 4

---@class slack.TextPart
---@field search slack.core.text_search
---@field texts (string|false)[] false: gone
---@field alive integer texts that are not

-- A listener that is alone with its text needs no list, of which there would be thousands.
---@class slack.TextIndex
---@field count integer texts
---@field entries table<string, slack.Listener|slack.ListHolder> by text
---@field fresh string[] texts of no part yet
---@field places table<string, integer> where a text is among these
---@field parts slack.TextPart[] the largest first
---@field numbers integer[] what a search has found
local TextIndex = {}
TextIndex.__index = TextIndex
TextIndex.__name = "slack.text_index"

---@return slack.TextIndex
function TextIndex.new()
  return setmetatable({
    count = 0, entries = {}, fresh = {}, places = {}, parts = {}, numbers = {},
  }, TextIndex)
end

-- Parts ----------------------------------------------------------------------------

local function add_fresh(self, text)
  local place = #self.fresh + 1
  self.fresh[place], self.places[text] = text, place
end

local function dissolve(self, part)
  part.search:close()
  for _, text in ipairs(part.texts) do
    if text then
      add_fresh(self, text)
    end
  end
end

local function make_part(self)
  local parts = self.parts
  while parts[1] and parts[#parts].alive <= NOT_MUCH * #self.fresh do
    dissolve(self, table.remove(parts))
  end
  local texts = self.fresh
  parts[#parts + 1] = { search = core.text_search(texts), texts = texts, alive = #texts }
  self.fresh, self.places = {}, {}
end

-- Where a text is in a part, which its search knows best.
local function place_in_part(self, part, text)
  local numbers = self.numbers
  for i = 1, part.search:find(text, numbers) do
    if part.texts[numbers[i]] == text then
      return numbers[i]
    end
  end
end

local function remove_from_parts(self, text)
  for i, part in ipairs(self.parts) do
    local place = place_in_part(self, part, text)
    if place then
      part.texts[place], part.alive = false, part.alive - 1
      if part.alive * 2 <= #part.texts then
        table.remove(self.parts, i)
        dissolve(self, part)
      end
      return
    end
  end
end

local function remove_fresh(self, text)
  local fresh, places = self.fresh, self.places
  local place, last = places[text], fresh[#fresh]
  fresh[place], places[last] = last, place
  fresh[#fresh], places[text] = nil, nil
end

-- Searching ------------------------------------------------------------------------

local function by_order(a, b)
  return a.order < b.order
end

-- One list in place of many, with each listener once.
local function join(lists, first, last)
  local all, distinct = {}, {}
  for i = first, last do
    table.move(lists[i], 1, #lists[i], #all + 1, all)
    lists[i] = nil
  end
  table.sort(all, by_order)
  for _, listener in ipairs(all) do
    if listener ~= distinct[#distinct] then
      distinct[#distinct + 1] = listener
    end
  end
  lists[first] = distinct
  return first
end

local function take(self, text, lists, count)
  local entry = self.entries[text]
  lists[count] = entry.list or { entry }
end

local function find_in_part(self, part, text, lists, count)
  local texts, numbers = part.texts, self.numbers
  for i = 1, part.search:find(text, numbers) do
    local wanted = texts[numbers[i]]
    if wanted then
      count = count + 1
      take(self, wanted, lists, count)
    end
  end
  return count
end

---Adds the listeners whose text stands in the message to the lists found.
---@param text any
---@param lists slack.Listener[][]
---@param count integer of them so far
---@return integer count of them now
function TextIndex:find(text, lists, count)
  if type(text) ~= "string" then
    return count
  elseif #self.fresh > FEW then
    make_part(self)
  end
  local before, fresh, parts = count, self.fresh, self.parts
  for i = 1, #fresh do
    if find(text, fresh[i], 1, true) then
      count = count + 1
      take(self, fresh[i], lists, count)
    end
  end
  for i = 1, #parts do
    count = find_in_part(self, parts[i], text, lists, count)
  end
  return count - before > MOST_LISTS and join(lists, before + 1, count) or count
end

-- Changing -------------------------------------------------------------------------

local function add(self, text, listener, reading)
  local entry = self.entries[text]
  if not entry then
    self.entries[text], self.count = listener, self.count + 1
    add_fresh(self, text)
  elseif entry.list then
    ordered.insert(entry, listener, reading)
  elseif entry ~= listener then
    local holder = ordered.new(reading)
    ordered.insert(holder, entry, reading)
    ordered.insert(holder, listener, reading)
    self.entries[text] = holder
  end
end

local function remove(self, text, listener, reading)
  local entry = self.entries[text]
  if not entry then
    return -- it stood twice among the listener's texts
  elseif entry.list then
    ordered.remove(entry, listener, reading)
  end
  if entry == listener or entry.list and not entry.list[1] then
    self.entries[text], self.count = nil, self.count - 1
    local drop = self.places[text] and remove_fresh or remove_from_parts
    drop(self, text)
  end
end

---@param texts string[] none empty
---@param listener slack.Listener that is found by any of them
---@param reading integer see ordered.lua
function TextIndex:add(texts, listener, reading)
  for _, text in ipairs(texts) do
    add(self, text, listener, reading)
  end
end

---@param texts string[]
---@param listener slack.Listener
---@param reading integer
function TextIndex:remove(texts, listener, reading)
  for _, text in ipairs(texts) do
    remove(self, text, listener, reading)
  end
end

return TextIndex
