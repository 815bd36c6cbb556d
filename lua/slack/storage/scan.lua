-- A loop over the entries of a store, which has one page of them at a time.
--
-- As in client:each a page that cannot be had raises its error in the loop: a `for` that
-- were given `nil, err` would end, and what was read so far would pass for everything. Who
-- wants `nil, err` calls next().

local Semaphore = require "slack.semaphore"
local arguments = require "slack.storage.arguments"
local checks = require "slack.option_checks"

local PAGE = 100 -- entries, about

local OPTIONS = { limit = { check = checks.integer_from(1) } }

---@class slack.Scan
---@overload fun(): string?, any
local Scan = {}
Scan.__index = Scan
Scan.__name = "slack.scan"

---@class slack.ScanOptions
---@field limit? integer entries at most

---@param options any of store:scan
---@param fetch fun(cursor: any, count: integer): table?, any a page: key, entry, key, entry and so
---  on, and where the next begins, nil behind the last; or nil and an error
---@param read fun(entry: any): any, slack.Error? its value; nil: it has gone
---@return slack.Scan
function Scan.new(options, fetch, read)
  local problem = options ~= nil and type(options) ~= "table"
    and "options: table expected, got " .. type(options) or checks.all(options or {}, OPTIONS, "")
  if problem then
    arguments.misuse("store:scan", "%s", problem)
  end
  return setmetatable({
    left = options and options.limit or math.huge, fetch = fetch, read = read,
    list = {}, at = 0, is_last = false,
    turn = Semaphore.new(1), -- several tasks may work it off, and one at a time asks for a page
  }, Scan)
end

local function take_page(self)
  local list, cursor = self.fetch(self.cursor, math.min(self.left, PAGE))
  if not list then
    return nil, cursor
  end
  self.list, self.at, self.cursor, self.is_last = list, 0, cursor, cursor == nil
  return true
end

-- The next entry of the page that has a value.
local function take_entry(self)
  local list = self.list
  while self.at < #list do
    local key, entry = list[self.at + 1], list[self.at + 2]
    self.at = self.at + 2
    local value, err = self.read(entry)
    if err then
      return nil, err
    elseif value ~= nil then
      self.left = self.left - 1
      return key, value
    end
  end
end

---The next entry. After a failure it goes on: with the same page when that could not be had,
---with the next entry when one cannot be read.
---@async
---@return string? key nil behind the last one
---@return any value or, without a key, what has failed
function Scan:next()
  local turn <close> = self.turn:acquire() -- luacheck: no unused
  while self.left > 0 do
    local key, value = take_entry(self)
    if key ~= nil or value ~= nil then
      return key, value
    elseif self.is_last then
      return nil
    end
    local ok, err = take_page(self)
    if not ok then
      return nil, err
    end
  end
end

function Scan:__call()
  local key, value = self:next()
  if key == nil and value ~= nil then
    error(value, 0)
  end
  return key, value
end

-- Who took it for a table would have a loop over something else.
local function refuse()
  arguments.raise("what store:scan gives is no table, so without pairs, ipairs and #: "
    .. "for key, value in store:scan(…) do")
end
Scan.__pairs, Scan.__len = refuse, refuse

return Scan
