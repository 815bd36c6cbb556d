-- What answers in pages, page by page (client:pages) or item by item (client:each).
--
-- A page that cannot be had raises its error in the loop, as io.lines does: a `for` that
-- were given `nil, err` would end, and what was read so far would pass for everything. Who
-- wants `nil, err` calls next().

local Semaphore = require "slack.semaphore"
local call = require "slack.web_api.call"
local checks = require "slack.option_checks"
local client_options = require "slack.web_api.options"
local json = require "slack.json"
local merged = require "slack.merged"
local misuse = require "slack.misuse"
local paging = require "slack.web_api.paging"
local tasks = require "slack.tasks"

local FOLDER = misuse.folder()
-- Of pages without an item, one after the other, in which client:each leaves its loop no turn.
local MAX_EMPTY = 1000

local positive = { check = checks.integer_from(1) }

local PAGE_OPTIONS = {
  max_pages = positive, stop = { check = checks.of_type "function" },
  prefetch = { check = checks.of_type "boolean" },
}
local ITEM_OPTIONS = merged(PAGE_OPTIONS, {
  max_items = positive, items = { check = checks.of_type "string" },
})

local M = {}

-- No lists -------------------------------------------------------------------------

-- Who took an iterator for a list would have a loop without a round, and no word of it.
local function new_class(name, method, one)
  local function refuse()
    misuse.raise(FOLDER, ("an iterator is no list, so without ipairs, pairs and #: "
      .. "for %s in client:%s(…) do"):format(one, method))
  end
  local class = { __name = name, __pairs = refuse, __len = refuse }
  class.__index = class
  return setmetatable(class, {
    __index = function(_, key)
      return math.type(key) and refuse() or nil
    end,
  })
end

-- Pages ----------------------------------------------------------------------------

---@class slack.Pages
---@overload fun(): table?, (string|integer)?
local Pages = new_class("slack.pages", "pages", "page")

local function request(self)
  return self.client:call(self.paging.name, self.paging.args, self.call_options)
end

-- The answer to the request that was made ahead, or to one that is made now.
local function take(self)
  local task = self.ahead
  if not task then
    return request(self)
  end
  local ok, page, err = task:join()
  self.ahead = nil
  if not ok then
    error(page, 0)
  end
  return page, err
end

local function settle(self, page)
  local is_last = self.paging:advance(page)
  self.count = self.count + 1
  if self.count == self.max_pages or self.stop and self.stop(page) then
    self.is_over = true
  elseif is_last then
    self.is_over, self.err = true, self.paging.err
  elseif self.prefetch then
    self.ahead = tasks.spawn(request, self)
  end
end

---The next page. After a failure the same page is asked for again.
---@async
---@return table? page nil behind the last one
---@return slack.Error|string|integer|nil err; with a page: where the one behind it begins,
---  for the argument `cursor` (or `page`) of another time
function Pages:next()
  local turn <close> = self.turn:acquire() -- luacheck: no unused
  if self.is_over then
    return nil, self.err
  end
  local page, err = take(self)
  if not page then
    return nil, err
  end
  settle(self, page)
  return page, self.paging.cursor
end

-- What next() gives, for a loop.
local function in_loop(first, second)
  if first == nil and second ~= nil then
    error(second, 0)
  end
  return first, second
end

function Pages:__call()
  return in_loop(self:next())
end

-- What is asked for ahead when a loop ends is not waited for.
function Pages:__close()
  if self.ahead then
    self.ahead:cancel()
    self.ahead = nil
  end
end

function Pages:__tostring()
  return "pages of " .. self.paging.name
end

-- Items ----------------------------------------------------------------------------

---@class slack.Items
---@overload fun(): any, any
local Items = new_class("slack.items", "each", "item")

local function is_sequence(list)
  return #list > 0 or json.is_list(list)
end

-- The next item at hand, and its name where they have names.
local function item_at_hand(self)
  local list = self.list
  if not list then
    return nil
  elseif self.is_sequence then
    self.at = self.at + 1
    return list[self.at]
  end
  local name, item = next(list, self.at)
  self.at = name
  if name == nil then
    self.list = nil -- from nil next would begin again
  end
  return item, name
end

-- Another task may have got a page meanwhile.
local function has_more(self)
  local list = self.list
  if list and self.is_sequence then
    return list[self.at + 1] ~= nil
  end
  return list ~= nil and next(list, self.at) ~= nil
end

-- Slack's pages may be empty, as where what is archived was left out.
local function note_empty(self, list)
  self.empty = next(list) == nil and self.empty + 1 or 0
  if self.empty < MAX_EMPTY or self.pages.is_over then
    return true
  end
  local way = self.pages.paging
  local err = way:failure("endless_pages", ("%d pages without an item, one after the other; "
    .. "to go on, begin with the error's cursor"):format(MAX_EMPTY))
  err.cursor = way.cursor
  self.is_over, self.err = true, err
  return nil, err
end

local function take_page(self)
  local turn <close> = self.turn:acquire() -- luacheck: no unused
  if self.is_over or has_more(self) then
    return true
  end
  local page, err = self.pages:next()
  if not page then
    return nil, err
  end
  local list
  list, err = self.pages.paging:items_of(page)
  if not list then
    self.is_over, self.err = true, err
    return nil, err
  end
  self.list, self.is_sequence = list, is_sequence(list)
  self.at = self.is_sequence and 0 or nil
  return note_empty(self, list)
end

local function settle_item(self, item)
  self.count = self.count + 1
  self.is_over = self.count == self.max_items or self.stop and self.stop(item)
end

---The next item. After a failure it is asked for again.
---@async
---@return any item nil behind the last one
---@return any err; with an item: its name where the page has an object instead of a list
function Items:next()
  while not self.is_over do
    local item, name = item_at_hand(self)
    if item ~= nil then
      settle_item(self, item)
      return item, name
    end
    local ok, err = take_page(self)
    if not ok then
      return nil, err
    end
  end
  return nil, self.err
end

function Items:__call()
  return in_loop(self:next())
end

function Items:__close()
  Pages.__close(self.pages)
end

function Items:__tostring()
  return "items of " .. self.pages.paging.name
end

-- Making ---------------------------------------------------------------------------

-- Ours, and those of each call.
local function divide(options, known)
  local problem = checks.all(options, merged(known, client_options.CALL_OPTIONS), "")
  if problem then
    return nil, problem
  end
  local own, of_call = {}, {}
  for name, value in pairs(options) do
    local part = known[name] and own or of_call
    part[name] = value
  end
  return own, of_call
end

-- A method's name, also of client.users.list.
local function name_of(method)
  return type(method) == "table" and rawget(method, "_name") or method
end

local function new_pages(client, way, own, of_call)
  return setmetatable({
    client = client, paging = way, call_options = of_call, count = 0, is_over = false,
    turn = Semaphore.new(1), max_pages = own.max_pages, prefetch = own.prefetch,
  }, Pages)
end

-- The pages and the options that are not of each call; else what is wrong.
local function prepare(client, method, args, options, known)
  if options ~= nil and type(options) ~= "table" then
    return nil, ("a table of options expected, got %s"):format(type(options))
  end
  local own, of_call = divide(options or {}, known)
  if not own then
    return nil, of_call
  end
  local name = name_of(method)
  local prepared, problem = call.new(client, name, args, of_call) -- only to see what is wrong
  if not prepared then
    return nil, problem
  end
  local way
  way, problem = paging.new(name, args, own)
  if not way then
    return nil, problem
  end
  return new_pages(client, way, own, of_call), own
end

local function new_items(pages, own)
  return setmetatable({
    pages = pages, count = 0, empty = 0, is_over = false, turn = Semaphore.new(1),
    max_items = own.max_items or false, stop = own.stop or false, -- looked at for each item
  }, Items)
end

---@param client slack.Client
---@param method string|table
---@param args? table
---@param options? slack.PagesOptions
---@return slack.Pages?
---@return string? problem
function M.pages(client, method, args, options)
  local pages, own = prepare(client, method, args, options, PAGE_OPTIONS)
  if not pages then
    return nil, own
  end
  pages.stop = own.stop
  return pages
end

---@param client slack.Client
---@param method string|table
---@param args? table
---@param options? slack.EachOptions
---@return slack.Items?
---@return string? problem
function M.each(client, method, args, options)
  local pages, own = prepare(client, method, args, options, ITEM_OPTIONS)
  if not pages then
    return nil, own
  end
  return new_items(pages, own)
end

---The pages of what is no method of the Web API, or what is in them.
---@param caller table caller:call(name, args, options) gives a page
---@param options? slack.PagesOptions|slack.EachOptions
---@param is_each boolean
---@param new_way fun(own: table): slack.web_api.Paging
---@return slack.Pages|slack.Items|nil
---@return string? problem
function M.over(caller, options, is_each, new_way)
  local own, of_call = divide(options or {}, is_each and ITEM_OPTIONS or PAGE_OPTIONS)
  if not own then
    return nil, of_call
  end
  local pages = new_pages(caller, new_way(own), own, of_call)
  if is_each then
    return new_items(pages, own)
  end
  pages.stop = own.stop
  return pages
end

return M
