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

---@class slack.TextEntry: slack.ListHolder
---@field text string
---@field part? slack.TextPart nil when it is fresh
---@field place integer in the part, or among the fresh ones

---@class slack.TextPart
---@field search slack.core.text_search
---@field entries (slack.TextEntry|false)[] false: gone
---@field alive integer entries that are not

---@class slack.TextIndex
---@field count integer texts
---@field entries table<string, slack.TextEntry> by text
---@field fresh slack.TextEntry[] of no part yet
---@field parts slack.TextPart[] the largest first
---@field numbers integer[] what a search has found
local TextIndex = {}
TextIndex.__index = TextIndex
TextIndex.__name = "slack.text_index"

---@return slack.TextIndex
function TextIndex.new()
  return setmetatable({ count = 0, entries = {}, fresh = {}, parts = {}, numbers = {} }, TextIndex)
end

-- Parts ----------------------------------------------------------------------------

local function add_fresh(self, entry)
  local place = #self.fresh + 1
  self.fresh[place], entry.place, entry.part = entry, place, nil
end

local function dissolve(self, part)
  part.search:close()
  for _, entry in ipairs(part.entries) do
    if entry then
      add_fresh(self, entry)
    end
  end
end

local function make_part(self)
  local parts, texts = self.parts, {}
  while parts[1] and parts[#parts].alive <= NOT_MUCH * #self.fresh do
    dissolve(self, table.remove(parts))
  end
  local part = { entries = self.fresh, alive = #self.fresh }
  for i, entry in ipairs(self.fresh) do
    texts[i], entry.part = entry.text, part
  end
  part.search = core.text_search(texts)
  parts[#parts + 1], self.fresh = part, {}
end

local function remove_from_part(self, part, entry)
  part.entries[entry.place], part.alive = false, part.alive - 1
  if part.alive * 2 <= #part.entries then
    for i, one in ipairs(self.parts) do
      if one == part then
        table.remove(self.parts, i)
        break
      end
    end
    dissolve(self, part)
  end
end

local function remove_fresh(self, entry)
  local fresh = self.fresh
  local last = fresh[#fresh]
  fresh[entry.place], last.place = last, entry.place
  fresh[#fresh] = nil
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

local function find_in_part(self, part, text, lists, count)
  local entries, numbers = part.entries, self.numbers
  for i = 1, part.search:find(text, numbers) do
    local entry = entries[numbers[i]]
    if entry then
      count = count + 1
      lists[count] = entry.list
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
    local entry = fresh[i]
    if find(text, entry.text, 1, true) then
      count = count + 1
      lists[count] = entry.list
    end
  end
  for i = 1, #parts do
    count = find_in_part(self, parts[i], text, lists, count)
  end
  return count - before > MOST_LISTS and join(lists, before + 1, count) or count
end

-- Changing -------------------------------------------------------------------------

local function new_entry(self, text, reading)
  local entry = ordered.new(reading)
  entry.text, self.entries[text], self.count = text, entry, self.count + 1
  add_fresh(self, entry)
  return entry
end

local function remove_entry(self, entry)
  self.entries[entry.text], self.count = nil, self.count - 1
  if entry.part then
    remove_from_part(self, entry.part, entry)
  else
    remove_fresh(self, entry)
  end
end

---@param texts string[] none empty
---@param listener slack.Listener that is found by any of them
---@param reading integer see ordered.lua
function TextIndex:add(texts, listener, reading)
  for _, text in ipairs(texts) do
    local entry = self.entries[text] or new_entry(self, text, reading)
    ordered.insert(entry, listener, reading)
  end
end

---@param texts string[]
---@param listener slack.Listener
---@param reading integer
function TextIndex:remove(texts, listener, reading)
  for _, text in ipairs(texts) do
    local entry = self.entries[text]
    ordered.remove(entry, listener, reading)
    if not entry.list[1] then
      remove_entry(self, entry)
    end
  end
end

return TextIndex
