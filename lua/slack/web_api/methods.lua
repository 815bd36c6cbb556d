-- What is known of the Web API's methods: arguments, tier, pages, what a second execution does.
-- The table is text, of which a line is read when its method is first asked for: most programs
-- call few of the methods, and as tables all of them would take a megabyte.

local near_miss = require "slack.near_miss"
local text = require "slack.web_api.method_table"

local TIERS = { ["1"] = 1, ["2"] = 2, ["3"] = 3, ["4"] = 4, special = "special" }
local MAX_ADVISED <const> = 100
local STATES = { deprecated = true, removed = true, undocumented = true }
-- What this library has in the place of the methods that Slack names.
local OURS = {
  ["files.upload"] = "client:upload", ["files.uploadV2"] = "client:upload",
  ["files.upload_v2"] = "client:upload", files_upload = "client:upload",
  filesUploadV2 = "client:upload", files_upload_v2 = "client:upload",
  api_call = "client:call", apiCall = "client:call", paginate = "client:each",
}

---@class slack.Method
---@field name string
---@field arguments table<string, string> type by name
---@field required string[]
---@field cursor boolean its pages are fetched by cursor
---@field items? string the list in a page
---@field page_cursor? "next_cursor" where that stands beside the list, not in response_metadata
---@field tier? 1|2|3|4|"special"
---@field json boolean Slack takes a JSON body
---@field is_read boolean
---@field is_repeatable boolean doing it twice does no harm
---@field needs_token boolean
---@field tokens? table<"bot"|"user"|"app"|"configuration", true> nil: not known
---@field scopes table<string, string[]> by kind of token; any one of them may be enough
---@field status? "deprecated"|"removed"|"undocumented"
---@field instead? string the method to call instead

local M = {}

local cache = {}
local advised, advised_count = {}, 0 -- by names that the table does not have

local function words(list)
  local found = {}
  for word in list:gmatch "[^,]+" do
    found[#found + 1] = word
  end
  return found
end

-- "bot,user=chat:write"
local function add_tokens(method, word)
  local kinds, scopes = word:match "^([%a,]+)=?(.*)$"
  method.tokens = method.tokens or {}
  for _, kind in ipairs(words(kinds)) do
    method.tokens[kind] = true
    method.scopes[kind] = words(scopes)
  end
end

local function add_fact(method, word)
  local label, value = word:match "^(%a+):(%S+)$"
  if TIERS[word] then
    method.tier = TIERS[word]
  elseif STATES[word] then
    method.status = word
  elseif label == "items" or label == "instead" then
    method[label] = value
  elseif word == "json" or word == "cursor" then
    method[word] = true
  elseif word == "reads" then
    method.is_read, method.is_repeatable = true, true
  elseif word == "repeatable" then
    method.is_repeatable = true
  elseif word == "no-token" then
    method.needs_token = false
  elseif word == "top-cursor" then
    method.page_cursor = "next_cursor"
  else
    add_tokens(method, word)
  end
end

local function add_argument(method, word)
  local name, mark, kind = word:match "^([%w_]+)(!?):?(.*)$"
  method.arguments[name] = kind == "" and "string" or kind
  if mark == "!" then
    table.insert(method.required, name)
  end
end

local function read_line(line)
  local name, facts, arguments = line:match "^(%S+)([^|]*)|(.*)$"
  local method = {
    name = name, arguments = {}, required = {}, cursor = false, json = false, is_read = false,
    is_repeatable = false, needs_token = true, scopes = {},
  }
  for word in facts:gmatch "%S+" do
    add_fact(method, word)
  end
  for word in arguments:gmatch "%S+" do
    add_argument(method, word)
  end
  return method
end

---What is known of a method. The table is shared: it is not to be changed.
---@param name string
---@return slack.Method? method nil for one that the table does not have; Slack may know it
function M.find(name)
  local method = cache[name]
  if method then
    return method
  end
  local start = text:find("\n" .. name .. " ", 1, true)
  if not start then
    return nil -- and not remembered: the names may come from anywhere
  end
  method = read_line(text:sub(start + 1, text:find("\n", start + 1, true) - 1))
  cache[name] = method
  return method
end

---All names, in order.
---@return fun(): string?
function M.names()
  return text:gmatch "\n([%w.]+) "
end

-- The beginning of the names among which to look: its family, or the one nearest to it; all
-- for a name without one; nil for a family that there is not.
local function near_family(name)
  local family = name:match "^(%w+)%."
  if not family then
    return ""
  elseif text:find("\n" .. family .. ".", 1, true) then
    return family .. "."
  end
  local families = {}
  for known in text:gmatch "\n(%w+)%." do
    families[known] = true
  end
  family = near_miss(family, families):match '"(%w+)"'
  return family and family .. "."
end

local function advisable(near)
  local known = {}
  for candidate, facts in text:gmatch "\n([%w.]+)([^\n|]+)" do
    local status = facts:match " removed " or facts:match " undocumented "
    if not status and candidate:sub(1, #near) == near then
      known[candidate] = true
    end
  end
  return known
end

---What to call instead of a method that goes away.
---@param name string
---@param method? slack.Method
---@return string advice to append: "; call … instead" or ""
function M.instead(name, method)
  local other = OURS[name] or method and method.instead
  return other and ("; call %s instead"):format(other) or ""
end

---What to call instead of a method that Slack does not know, or no longer has.
---@param name string
---@return string advice to append: "; did you mean …" or ""
function M.near(name)
  local method = M.find(name)
  if method or OURS[name] then
    return M.instead(name, method)
  end
  local advice = advised[name]
  if not advice then
    local near = near_family(name)
    advice = near and near_miss(name, advisable(near)) or ""
    advised_count = advised_count + 1
    if advised_count > MAX_ADVISED then
      advised, advised_count = {}, 1
    end
    advised[name] = advice
  end
  return advice
end

return M
