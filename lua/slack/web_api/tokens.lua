-- Kinds of tokens by their beginning, for words about one that a method does not take.

local KINDS = {
  { "^xoxb%-", "bot" }, { "^xoxe%.xoxb%-", "bot" },
  { "^xoxp%-", "user" }, { "^xoxe%.xoxp%-", "user" },
  { "^xapp%-", "app" }, { "^xwfp%-", "workflow" },
}
local WORDS = {
  bot = "a bot token (xoxb-…)", user = "a user token (xoxp-…)",
  app = "an app-level token (xapp-…)", workflow = "a workflow token (xwfp-…)",
  configuration = "a configuration token (xoxe.xoxp-…)",
}
local ORDER = { "bot", "user", "app", "configuration" }

local M = {}

---@param token string
---@return "bot"|"user"|"app"|"workflow"|nil
function M.kind(token)
  for _, entry in ipairs(KINDS) do
    if token:find(entry[1]) then
      return entry[2]
    end
  end
end

-- "a bot token (xoxb-…) or a user token (xoxp-…)"
local function taken_words(method)
  local taken = {}
  for _, kind in ipairs(ORDER) do
    if method.tokens[kind] then
      taken[#taken + 1] = WORDS[kind]
    end
  end
  return table.concat(taken, " or ")
end

---What to do where Slack does not take the kind of the token.
---@param token? string
---@param method? slack.Method
---@return string?
function M.advice(token, method)
  local kind = token and M.kind(token)
  local given = kind and "this is " .. WORDS[kind]
  if not method or not method.tokens or method.tokens[kind] then
    return given
  end
  return ("the method takes %s%s"):format(taken_words(method), given and ", " .. given or "")
end

return M
