-- How the pages of a method follow one another (protocol §13.4): by cursor, by number, by the
-- time of the oldest message, or by the place in the whole.

local errors = require "slack.errors"
local json = require "slack.json"
local merged = require "slack.merged"
local methods = require "slack.web_api.methods"

-- Slack recommends no more at once.
local LIMIT, COUNT = 200, 100
-- Bytes of a cursor, all of which are remembered and sent; Slack's have less than 200.
local MAX_CURSOR = 16384

-- Of its two ways the one whose answers have no cursor until "*" is sent for one.
local BY_NUMBER_FIRST = { ["search.messages"] = true }

---@class slack.web_api.Paging
---@field name string of the method
---@field args table of the next request
---@field cursor? string|integer what the next page begins with; nil behind the last one
---@field err? slack.Error why there is no next page though there should be
---@field items? string field of the page that has the items
local Paging = {}
Paging.__index = Paging
Paging.__name = "slack.web_api.paging"

local M = {}

-- By cursor ------------------------------------------------------------------------

local function present(value)
  return type(value) == "string" and value ~= "" and value or nil
end

local function next_cursor(page)
  local metadata = page.response_metadata
  return present(type(metadata) == "table" and metadata.next_cursor or nil)
    or present(page.next_cursor)
end

local function begin_by_cursor(self, info)
  local known = info and info.arguments or {}
  self.has_times = known.latest ~= nil
  if known.limit and self.args.limit == nil then
    self.args.limit = self:fit(LIMIT)
  end
end

-- Of messages Slack says apart from the cursor that there are more.
local function cursor_or_error(page, self)
  local cursor = next_cursor(page)
  if not cursor and page.has_more == true and self.has_times then
    self.err = self:failure("no_cursor", "Slack says that there is more, and not how to get it",
      page)
  end
  return cursor
end

local by_cursor = { begin = begin_by_cursor, argument = "cursor", next = cursor_or_error }

-- By number ------------------------------------------------------------------------

-- A search has the numbers with each kind of what it finds, and is over with the longest.
local function paging_of(page, items)
  local longest = type(page.paging) == "table" and page.paging or {}
  for name, part in pairs(page) do
    local paging = type(part) == "table" and (items or name) == name and part.paging
    if type(paging) == "table"
      and (tonumber(paging.pages) or 0) > (tonumber(longest.pages) or 0) then
      longest = paging
    end
  end
  return longest
end

local function begin_by_number(self)
  self.page = math.tointeger(tonumber(self.args.page)) or 1
  self:note(self.page)
  if self.args.count == nil then
    self.args.count = self:fit(COUNT)
  end
end

-- Asked for a page behind those that it lets one have, Slack gives the last of them again.
local function next_number(page, self)
  local paging, asked = paging_of(page, self.items), self.page
  local given, last = math.tointeger(paging.page), math.tointeger(paging.pages)
  if not last or asked >= last then
    return nil
  elseif given == asked then
    self.page = asked + 1
  end
  return self.page
end

local by_number = { begin = begin_by_number, argument = "page", next = next_number }

-- By time --------------------------------------------------------------------------

local function begin_by_time(self)
  if self.args.count == nil then
    self.args.count = self:fit(COUNT)
  end
end

local function next_time(page)
  local messages = page.messages
  local last = type(messages) == "table" and messages[#messages]
  return page.has_more == true and type(last) == "table" and present(last.ts) or nil
end

local by_time = { begin = begin_by_time, argument = "latest", next = next_time }

-- By the place in the whole (SCIM) -----------------------------------------------

local function begin_by_place(self)
  self:note(math.tointeger(tonumber(self.args.startIndex)) or 1)
  if self.args.count == nil then
    self.args.count = self:fit(COUNT)
  end
end

local function next_place(page, self)
  local items = self.items and page[self.items]
  local count = type(items) == "table" and #items or 0
  local start = tonumber(page.startIndex) or tonumber(self.args.startIndex) or 1
  local behind, total = math.tointeger(start + count), tonumber(page.totalResults)
  return count > 0 and total and behind and behind <= total and behind or nil
end

local by_place = { begin = begin_by_place, argument = "startIndex", next = next_place }

-- Which of them --------------------------------------------------------------------

-- Nobody knows what an unknown method does: it may answer with a cursor.
local function way_of(name, info, args)
  if not info then
    return by_cursor
  end
  local known = info.arguments
  local has_number = known.page ~= nil and args.cursor == nil
  if info.cursor and not (has_number and (args.page ~= nil or BY_NUMBER_FIRST[name])) then
    return by_cursor
  elseif has_number then
    return by_number
  end
  return known.latest and by_time or nil
end

local function make(way, name, args, wanted, info)
  local self = setmetatable({
    name = name, args = args, way = way, most = wanted.max_items, met = {},
    items = wanted.items or info and info.items,
  }, Paging)
  self:note(args[way.argument])
  way.begin(self, info)
  return self
end

---@param name string of the method
---@param args? table<string, any> left as they are
---@param wanted { max_items: integer?, items: string? }
---@return slack.web_api.Paging?
---@return string? problem
function M.new(name, args, wanted)
  local info, copy = methods.find(name), merged(args)
  local way = way_of(name, info, copy)
  if not way then
    return nil, ("%s does not answer in pages: client:call gives its answer"):format(name)
  end
  return make(way, name, copy, wanted, info)
end

---Of what is no method of the Web API.
---@param way "cursor"|"place"
---@param name string
---@param args? table<string, any> left as they are
---@param wanted { max_items: integer?, items: string }
---@return slack.web_api.Paging
function M.of(way, name, args, wanted)
  return make(way == "cursor" and by_cursor or by_place, name, merged(args), wanted)
end

-- No more at once than are wanted.
function Paging:fit(limit)
  return self.most and math.min(limit, self.most) or limit
end

function Paging:failure(code, message, page)
  return errors.new {
    code = code, message = self.name .. ": " .. message, method = self.name, response = page,
  }
end

function Paging:note(cursor)
  if cursor ~= nil then
    self.met[cursor] = true
  end
end

---Makes ready for the page behind this one.
---@param page table
---@return boolean is_last
function Paging:advance(page)
  local cursor = self.way.next(page, self)
  self.cursor = cursor
  if cursor == nil then
    return true
  elseif #tostring(cursor) > MAX_CURSOR then
    self.cursor = nil
    self.err = self:failure("invalid_response", ("a cursor of %d bytes: no more than %d are taken")
      :format(#cursor, MAX_CURSOR), page)
    return true
  elseif self.met[cursor] then
    self.err = self:failure("repeated_cursor", "Slack sends back to a page that it has given "
      .. "already: there is more, which cannot be reached", page)
    return true
  end
  self:note(cursor)
  self.args[self.way.argument] = cursor
  return false
end

-- Items ----------------------------------------------------------------------------

-- What search finds stands a step deeper.
local function list_in(value)
  if type(value) ~= "table" then
    return nil
  elseif type(value.matches) == "table" then
    return value.matches
  end
  return value
end

local function is_list(value)
  return value ~= nil and (#value > 0 or json.is_list(value))
end

-- The one list that a page has.
local function only_list(page)
  local found
  for _, value in pairs(page) do
    local list = list_in(value)
    if is_list(list) then
      if found then
        return nil
      end
      found = list
    end
  end
  return found
end

---The items of a page: a list, or an object with what each has for a name.
---@param page table
---@return table?
---@return slack.Error? err
function Paging:items_of(page)
  local items = list_in(self.items and page[self.items]) or only_list(page)
  if items then
    return items
  end
  return nil, self:failure("invalid_response", "it is not clear which field of a page has the "
    .. 'items: name it with the option "items"', page)
end

return M
