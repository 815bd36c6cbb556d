-- Pages of what the local Slack lists (protocol §13.4): by cursor, which names the item that
-- the next page begins with, or by number.

local base64 = require "slack.base64"
local json = require "slack.json"

-- Items of a page when no number is given, and the most that Slack gives.
local DEFAULT <const>, MOST <const> = 100, 1000

---@class slack.sandbox.Listing
---@field name string of the field that the page goes into
---@field key fun(item: any): string what a cursor remembers of an item
---@field kind string of the items, in the cursor
---@field find? fun(list: any[], key: string): integer? where to go on, also if the item is gone
---@field limit_error? string "invalid_arguments"
---@field has_more? boolean the page tells whether there are more

local M = {}

-- The number of items that is asked for; nil when it is none.
local function size_of(value)
  if value == nil or value == "" then
    return DEFAULT
  end
  local size = math.tointeger(tonumber(value))
  if not size or size < 0 or size > MOST then
    return nil
  end
  return size > 0 and size or DEFAULT
end

local function cursor_of(listing, item)
  return item and base64.encode(listing.kind .. ":" .. listing.key(item)) or ""
end

local function position_of(list, listing, key)
  if listing.find then
    return listing.find(list, key)
  end
  for position, item in ipairs(list) do
    if listing.key(item) == key then
      return position
    end
  end
end

-- Where the page begins; nil when the cursor is of another list or what it names is gone.
local function first_of(list, listing, cursor)
  if cursor == nil or cursor == "" then
    return 1
  end
  local kind, key = (base64.decode(tostring(cursor)) or ""):match "^([%w_]+):(.+)$"
  return kind == listing.kind and position_of(list, listing, key) or nil
end

---One page of a list.
---@param list any[]
---@param call slack.sandbox.Call
---@param listing slack.sandbox.Listing
---@return table? fields
---@return string? error
function M.by_cursor(list, call, listing)
  local size = size_of(call.args.limit)
  if not size then
    return nil, listing.limit_error or "invalid_arguments"
  end
  local first = first_of(list, listing, call.args.cursor)
  if not first then
    return nil, "invalid_cursor"
  end
  local behind = first + size
  local page = {
    [listing.name] = json.list(table.move(list, first, math.min(#list, behind - 1), 1, {})),
    response_metadata = { next_cursor = cursor_of(listing, list[behind]) },
  }
  if listing.has_more then
    page.has_more = list[behind] ~= nil
  end
  return page
end

---One page of a list whose pages are numbered; a number behind the last page gives that one.
---@param list any[]
---@param call slack.sandbox.Call
---@param name string of the field that the page goes into
---@return table? fields
---@return string? error
function M.by_number(list, call, name)
  local count, page = size_of(call.args.count), math.tointeger(tonumber(call.args.page or 1))
  if not count or not page or page < 1 then
    return nil, "invalid_arguments"
  end
  local pages = (#list + count - 1) // count
  page = math.max(math.min(page, pages), 1)
  local first = (page - 1) * count + 1
  return {
    [name] = json.list(table.move(list, first, math.min(#list, first + count - 1), 1, {})),
    paging = { count = count, total = #list, page = page, pages = pages },
  }
end

return M
