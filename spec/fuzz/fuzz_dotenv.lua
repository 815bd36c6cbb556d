-- A file of environment variables: variables in their order with names that can be some, or the
-- line of what is wrong, of which nothing is shown.
local dotenv = require "slack.command.dotenv"

-- What a problem is said in; nothing of the file stands there.
local words = {}

return function(text)
  local list, problem, line = dotenv.parse(text)
  local _, lines = text:gsub("\n", "")
  if not list then
    assert(line >= 1 and line <= lines + 1)
    words[problem] = true
    local count = 0
    for _ in pairs(words) do
      count = count + 1
    end
    assert(count <= 5, problem)
    return
  end
  local last = 0
  for _, variable in ipairs(list) do
    assert(variable.name:find "^[%a_][%w_]*$")
    assert(not variable.value:find "\0")
    assert(variable.line > last and variable.line <= lines + 1)
    last = variable.line
  end
end
