-- What a Lua source calls of Slack: Web API methods by their names, and the methods of a
-- context that call some. Found by reading, without running: a name that is made up at run
-- time is told of, and not guessed.

local helpers = require "slack.manifest.helpers"
local methods = require "slack.web_api.methods"
local tokens = require "slack.manifest.tokens"

local M = {}

-- Of clients; their first argument names the method.
local BY_NAME = { call = true, pages = true, each = true }
-- Of whoever calls it: none but ours is likely to have it.
local ANYBODYS = { react = true, download = true, upload = true, permalink = true }
local OPENING = { ["("] = ")", ["{"] = "}", ["["] = "]" }
local CLOSING = { [")"] = true, ["}"] = true, ["]"] = true }

---@class slack.manifest.Call
---@field file string
---@field line integer
---@field method? string of the Web API, which may not be known
---@field helper? string of a context: "say"
---@field is_user? boolean with the token of a person
---@field is_computed? boolean which method it is is not told by the source
---@field given table<string, string|true> arguments by name: texts, or that there is one

-- Looking at tokens ---------------------------------------------------------------------

local function is(token, text)
  return token ~= nil and token.kind == "symbol" and token.text == text
end

local function begins_call(token)
  return token ~= nil and (token.kind == "string" or is(token, "(") or is(token, "{"))
end

-- The names of a.b.c, and the place behind them.
local function chain_at(list, at)
  local names = { list[at].text }
  while is(list[at + 1], ".") and list[at + 2] and list[at + 2].kind == "name" do
    at = at + 2
    names[#names + 1] = list[at].text
  end
  return names, at + 1
end

-- The named fields of the table that a call is given, if it is given one.
local function fields_at(list, at)
  local given = {}
  at = is(list[at], "(") and at + 1 or at
  if not is(list[at], "{") then
    return given
  end
  local depth = 0
  for i = at, #list do
    local token = list[i]
    if token.kind == "symbol" and OPENING[token.text] then
      depth = depth + 1
    elseif token.kind == "symbol" and CLOSING[token.text] then
      depth = depth - 1
      if depth == 0 then
        break
      end
    elseif depth == 1 and token.kind == "name" and is(list[i + 1], "=") and list[i + 2] then
      local value = list[i + 2]
      given[token.text] = value.kind == "string" and value.text or value.text ~= "nil"
    end
  end
  return given
end

-- Names that may stand for a context: parameters of any function.
local function parameters(list)
  local known = { c = true }
  for i, token in ipairs(list) do
    if token.kind == "name" and token.text == "function" then
      local at = i + 1
      while list[at] and not is(list[at], "(") do
        at = at + 1
      end
      while list[at] and not is(list[at], ")") do
        known[list[at].text] = true
        at = at + 1
      end
    end
  end
  known.self = nil
  return known
end

-- Finding -------------------------------------------------------------------------------

-- What of a chain is a method of the Web API: `c.client.chat.postMessage`.
local function method_in(names)
  for first = 2, #names do
    local name = table.concat(names, ".", first)
    if methods.find(name) then
      return name, names[first - 1]
    end
  end
end

-- One that the table does not have is known by the client in front of it.
local function unknown_method_in(names)
  for i = 1, #names - 2 do
    if names[i] == "client" or names[i] == "user_client" then
      return table.concat(names, ".", i + 1), names[i]
    end
  end
end

local Scan = {}
Scan.__index = Scan

function Scan:add(at, call)
  call.file, call.line, call.given = self.file, self.tokens[at].line, call.given or {}
  table.insert(self.calls, call)
end

-- A local name for a part of a client, and what is called by one.
function Scan:resolved(names)
  local alias = self.aliases[names[1]]
  if not alias then
    return names
  end
  local whole = table.move(alias, 1, #alias, 1, {})
  return table.move(names, 2, #names, #whole + 1, whole)
end

function Scan:note_alias(at, names, after)
  local list = self.tokens
  local name = is(list[at - 1], "=") and list[at - 2]
  local follows = list[after]
  if name and name.kind == "name" and not begins_call(follows) and not is(follows, ":") then
    local last = names[#names]
    if last == "client" or last == "user_client" or names[#names - 1] == "client"
      or names[#names - 1] == "user_client" then
      self.aliases[name.text] = names
    end
  end
end

function Scan:chain(at)
  local names, after = chain_at(self.tokens, at)
  names = self:resolved(names)
  local method, owner = method_in(names)
  if not method and begins_call(self.tokens[after]) then
    method, owner = unknown_method_in(names)
  end
  if method then
    self:add(at, {
      method = method, is_user = owner == "user_client" or nil,
      given = fields_at(self.tokens, after),
    })
  else
    self:note_alias(at, names, after)
  end
  return names, after
end

-- client:call "chat.postMessage"; where the method is a chain, that is found by itself.
function Scan:call_by_name(at, receiver)
  local list = self.tokens
  local first = is(list[at + 2], "(") and list[at + 3] or list[at + 2]
  local last = receiver and receiver[#receiver]
  local is_user = last == "user_client" or nil
  if not first then
    return -- the text ends here
  elseif first.kind == "string" then
    local after = is(list[at + 4], ",") and at + 5 or at + 4
    self:add(at, { method = first.text, is_user = is_user, given = fields_at(list, after) })
  elseif first.kind == "name" and (last == "client" or is_user)
    and not is(list[at + 4], ".") then
    self:add(at, { is_computed = true })
  end
end

-- The method call at a colon, behind the chain that is its receiver.
function Scan:method_call(at, receiver)
  local list = self.tokens
  local name = list[at + 1]
  if not name or name.kind ~= "name" or not begins_call(list[at + 2]) then
    return
  end
  name = name.text
  receiver = receiver and self:resolved(receiver)
  if BY_NAME[name] then
    self:call_by_name(at, receiver)
  elseif helpers[name] and (ANYBODYS[name]
    or receiver and #receiver == 1 and self.contexts[receiver[1]]) then
    self:add(at, { helper = name, given = fields_at(list, at + 2) })
  end
end

---@param text string of a Lua source
---@param file string its name
---@return slack.manifest.Call[]
function M.find(text, file)
  local list = tokens.read(text)
  local scan = setmetatable({
    tokens = list, file = file, calls = {}, aliases = {}, contexts = parameters(list),
  }, Scan)
  local at = 1
  while list[at] do
    local receiver
    if list[at].kind == "name" and not is(list[at - 1], ".") and not is(list[at - 1], ":") then
      receiver, at = scan:chain(at)
    end
    if is(list[at], ":") then
      scan:method_call(at, receiver)
      at = at + 1
    elseif not receiver then
      at = at + 1
    end
  end
  return scan.calls
end

return M
