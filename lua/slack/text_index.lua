-- Which of many plain texts stand anywhere in a message, in one pass over it, however
-- many there are and whatever they have in common: the automaton of Aho and Corasick.
--
-- Its states are made when a message first leads to them, and forgotten when texts come
-- or go, so that a change costs no more than the text is long. The trie below them goes
-- no deeper than texts have to be told apart: what is left of a text is compared. For a
-- few texts the library's own search is faster.

local ordered = require "slack.ordered"

local byte, find, sub = string.byte, string.find, string.sub

-- Up to so many texts each is searched for alone.
local FEW = 16
-- Leaves that are no deeper would have too much compared that only begins alike.
local LEAST_DEPTH = 4
-- Steps remembered between states. Messages make them, so they must end somewhere.
local MOST_STEPS = 65536
-- Lists of listeners handed out; more are made one.
local MOST_LISTS = 4

---@class slack.TextEntry: slack.ListHolder
---@field text string
---@field tail string what the trie does not tell of it
---@field seen integer the search that found it last

---@class slack.TrieNode
---@field [integer] slack.TrieNode by the next byte
---@field parent? slack.TrieNode
---@field byte? integer that leads here
---@field depth integer
---@field children integer
---@field ends? slack.TextEntry whose text ends here
---@field leaf? slack.TextEntry the only one that goes on from here

---@class slack.TextState
---@field [integer] slack.TextState by the next byte, when it has no hits
---@field node slack.TrieNode
---@field hits slack.TextEntry[]|false whose tail is all that is left to compare
---@field steps? table<integer, slack.TextState> by the next byte, when it has hits

---@class slack.TextIndex
---@field count integer texts
---@field entries slack.TextEntry[]
---@field places table<string, integer> where the entry of a text is in them
---@field root? slack.TrieNode from the first search with more than a few texts on
local TextIndex = {}
TextIndex.__index = TextIndex
TextIndex.__name = "slack.text_index"

---@return slack.TextIndex
function TextIndex.new()
  return setmetatable({ count = 0, entries = {}, places = {}, searches = 0 }, TextIndex)
end

-- The trie ------------------------------------------------------------------------

local function new_node(parent, by)
  parent.children = parent.children + 1
  local node = { parent = parent, byte = by, depth = parent.depth + 1, children = 0 }
  parent[by] = node
  return node
end

local function set(node, entry)
  local tail = sub(entry.text, node.depth + 1)
  entry.tail = tail
  node[tail == "" and "ends" or "leaf"] = entry
end

-- Two texts have come this far: the one that was alone goes on by a step.
local function push_down(node)
  local entry = node.leaf
  node.leaf = nil
  set(new_node(node, byte(entry.text, node.depth + 1)), entry)
end

local function grow(root, entry)
  local node, text = root, entry.text
  for i = 1, #text do
    local by = byte(text, i)
    local child = node[by]
    if not child and i >= LEAST_DEPTH then
      return set(new_node(node, by), entry)
    end
    node = child or new_node(node, by)
    if node.leaf and i < #text then
      push_down(node)
    end
  end
  set(node, entry)
end

local function is_needed(node)
  return node.ends or node.leaf or node.children > 0 or not node.parent
end

local function prune(root, entry)
  local node, text = root, entry.text
  for i = 1, #text - #entry.tail do
    node = node[byte(text, i)]
  end
  node[entry.tail == "" and "ends" or "leaf"] = nil
  while not is_needed(node) do
    local parent = node.parent
    parent[node.byte] = nil
    parent.children = parent.children - 1
    node = parent
  end
end

-- The automaton --------------------------------------------------------------------

local function forget_states(self)
  self.states, self.fails, self.steps, self.start = {}, {}, 0, nil
end

-- Where the longest end of the node's text stands that is the beginning of another.
local function fail_of(self, node)
  local root = self.root
  if node.depth <= 1 then
    return root
  end
  local known = self.fails[node]
  if not known then
    local by = node.byte
    local shorter = fail_of(self, node.parent)
    while shorter ~= root and not shorter[by] do
      shorter = fail_of(self, shorter)
    end
    known = shorter[by] or root
    self.fails[node] = known
  end
  return known
end

local function hits_at(self, node)
  local hits = {}
  while node ~= self.root do
    hits[#hits + 1] = node.ends
    hits[#hits + 1] = node.leaf
    node = fail_of(self, node)
  end
  return hits[1] and hits or false
end

local function state_of(self, node)
  local state = self.states[node]
  if not state then
    local hits = hits_at(self, node)
    state = { node = node, hits = hits, steps = hits and {} or nil }
    self.states[node] = state
  end
  return state
end

-- A step that was not taken before, remembered among the steps.
local function step(self, state, steps, by)
  if self.steps >= MOST_STEPS then
    forget_states(self) -- a search that is under way goes on with what it has
  end
  self.steps = self.steps + 1
  local root, node = self.root, state.node
  while node ~= root and not node[by] do
    node = fail_of(self, node)
  end
  local to = state_of(self, node[by] or root)
  steps[by] = to
  return to
end

-- Searching ------------------------------------------------------------------------

local function take(self, entry)
  if entry.seen ~= self.searches then
    entry.seen = self.searches
    self.found = self.found + 1
    self.lists[self.found] = entry.list
  end
end

local function take_hits(self, hits, at)
  local text = self.text
  for i = 1, #hits do
    local entry = hits[i]
    local tail = entry.tail
    if tail == "" or sub(text, at + 1, at + #tail) == tail then
      take(self, entry)
    end
  end
end

-- The step from a state by a byte that it does not know. No state with hits knows any,
-- so that only here it has to be asked for them. Behind the text there are no bytes.
local function leave(self, state, by, at)
  if not by then
    return state
  elseif not state.hits then
    return step(self, state, state, by)
  end
  take_hits(self, state.hits, at - 1)
  return state.steps[by] or step(self, state, state.steps, by)
end

-- Eight bytes in one go cost half of what they do one by one.
local function search(self, text)
  local state = self.start or state_of(self, self.root)
  self.start = state
  for i = 1, #text, 8 do
    local a, b, c, d, e, f, g, h = byte(text, i, i + 7)
    state = state[a] or leave(self, state, a, i)
    state = state[b] or leave(self, state, b, i + 1)
    state = state[c] or leave(self, state, c, i + 2)
    state = state[d] or leave(self, state, d, i + 3)
    state = state[e] or leave(self, state, e, i + 4)
    state = state[f] or leave(self, state, f, i + 5)
    state = state[g] or leave(self, state, g, i + 6)
    state = state[h] or leave(self, state, h, i + 7)
  end
  if state.hits then
    take_hits(self, state.hits, #text)
  end
end

local function build(self)
  self.root = { depth = 0, children = 0 }
  for _, entry in ipairs(self.entries) do
    grow(self.root, entry)
  end
  forget_states(self)
end

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

local function find_many(self, text, lists, count)
  if not self.root then
    build(self)
  end
  self.searches, self.text, self.lists, self.found = self.searches + 1, text, lists, count
  search(self, text)
  local found = self.found
  return found - count > MOST_LISTS and join(lists, count + 1, found) or found
end

---Adds the listeners whose text stands in the message to the lists found.
---@param text any
---@param lists slack.Listener[][]
---@param count integer of them so far
---@return integer count of them now
function TextIndex:find(text, lists, count)
  if type(text) ~= "string" then
    return count
  elseif self.count > FEW then
    return find_many(self, text, lists, count)
  end
  local entries = self.entries
  for i = 1, #entries do
    local entry = entries[i]
    if find(text, entry.text, 1, true) then
      count = count + 1
      lists[count] = entry.list
    end
  end
  return count
end

-- Changing -------------------------------------------------------------------------

local function new_entry(self, text, reading)
  local entry = ordered.new(reading)
  entry.text, entry.tail, entry.seen = text, "", 0
  self.count = self.count + 1
  self.entries[self.count], self.places[text] = entry, self.count
  if self.root then
    grow(self.root, entry)
    forget_states(self)
  end
  return entry
end

local function remove_entry(self, entry)
  local place, last = self.places[entry.text], self.entries[self.count]
  self.entries[place], self.places[last.text] = last, place
  self.entries[self.count], self.places[entry.text] = nil, nil
  self.count = self.count - 1
  if self.root then
    prune(self.root, entry)
    forget_states(self)
  end
end

---@param texts string[] none empty
---@param listener slack.Listener that is found by any of them
---@param reading integer see ordered.lua
function TextIndex:add(texts, listener, reading)
  for _, text in ipairs(texts) do
    local entry = self.entries[self.places[text]] or new_entry(self, text, reading)
    ordered.insert(entry, listener, reading)
  end
end

---@param texts string[]
---@param listener slack.Listener
---@param reading integer
function TextIndex:remove(texts, listener, reading)
  for _, text in ipairs(texts) do
    local entry = self.entries[self.places[text]]
    ordered.remove(entry, listener, reading)
    if not entry.list[1] then
      remove_entry(self, entry)
    end
  end
end

return TextIndex
