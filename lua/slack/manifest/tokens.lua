-- The tokens of a Lua source, without comments: as much of the language as it takes to find
-- what is called, and never wrong about what is code and what is text.

local M = {}

---@class slack.manifest.Token
---@field kind "name"|"string"|"number"|"symbol"
---@field text string of a string: what is in it, escapes as they stand
---@field line integer

local LONGEST_SYMBOL = 3

local SYMBOLS = {}
for symbol in ("... .. :: == ~= <= >= << >> // "):gmatch "%S+" do
  SYMBOLS[symbol] = true
end

local function long_bracket(text, at)
  local equals, start = text:match("^%[(=*)%[()", at)
  if not equals then
    return nil
  end
  local last, after = text:match("()%]" .. equals .. "%]()", start)
  return text:sub(start, (last or #text + 1) - 1), after or #text + 1
end

local function quoted(text, at)
  local quote, start = text:sub(at, at), at + 1
  at = start
  while at <= #text do
    local char = text:sub(at, at)
    if char == "\\" then
      at = at + 1
    elseif char == quote or char == "\n" then
      break
    end
    at = at + 1
  end
  return text:sub(start, at - 1), at + 1
end

local function comment_end(text, at)
  local _, after = long_bracket(text, at + 2)
  return after or text:find("\n", at, true) or #text + 1
end

local function symbol_at(text, at)
  for length = LONGEST_SYMBOL, 2, -1 do
    local symbol = text:sub(at, at + length - 1)
    if SYMBOLS[symbol] then
      return symbol
    end
  end
  return text:sub(at, at)
end

-- Kind and text of the token here, and what comes behind it.
local function token_at(text, at)
  local char = text:sub(at, at)
  if char:find "[%a_]" then
    return "name", text:match("^([%w_]+)()", at)
  elseif char:find "%d" then
    return "number", text:match("^([%w_]+%.?[%w_]*)()", at)
  elseif char == '"' or char == "'" then
    return "string", quoted(text, at)
  end
  local long, after = long_bracket(text, at)
  if long then
    return "string", long, after
  end
  local symbol = symbol_at(text, at)
  return "symbol", symbol, at + #symbol
end

---@param text string of a file
---@return slack.manifest.Token[]
function M.read(text)
  local tokens, line, counted = {}, 1, 1
  local at = text:find "^#" and (text:find("\n", 1, true) or #text + 1) or 1
  while true do
    at = text:find("%S", at)
    if not at then
      return tokens
    elseif text:find("^%-%-", at) then
      at = comment_end(text, at)
    else
      line = line + select(2, text:sub(counted, at - 1):gsub("\n", ""))
      counted = at
      local kind, word, after = token_at(text, at)
      tokens[#tokens + 1] = { kind = kind, text = word, line = line }
      at = after
    end
  end
end

return M
