-- slack.pattern "…": a Lua pattern that says it is one, so that a plain string
-- can stay plain.

---@class slack.Pattern
local Pattern = {}
Pattern.__index = Pattern
Pattern.__name = "slack.pattern"

function Pattern:__tostring()
  return ("slack.pattern %q"):format(self.source)
end

---What the pattern captures in the text (all of the match when it has no captures).
---@param text string
---@return string? ...
function Pattern:match(text)
  return text:match(self.source)
end

---@param source string a Lua pattern
---@return slack.Pattern
return function(source)
  if type(source) ~= "string" then
    error("slack.pattern: string expected, got " .. type(source), 2)
  end
  local ok, problem = pcall(string.find, "", source)
  if not ok then
    error("slack.pattern: " .. problem, 2)
  end
  return setmetatable({ source = source }, Pattern)
end
