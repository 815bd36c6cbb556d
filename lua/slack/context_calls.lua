-- What the methods of a context have in common.

local M = {}

---Raises where c.name(…) was written for c:name(…).
---@param self any
---@param name string
function M.check_self(self, name)
  local meta = getmetatable(self)
  if type(meta) ~= "table" or meta.__name ~= "slack.context" then
    error(("c.%s: call it with a colon: c:%s(…)"):format(name, name), 3)
  end
end

---Passes on what a call gave. A handler seldom looks at that: a failure is told in the
---log too.
---@generic T
---@param c slack.Context
---@param name string of the call, as "c:say"
---@param value T?
---@param err slack.Error?
---@return T? value
---@return slack.Error? err
function M.told(c, name, value, err)
  if not value then
    local text = tostring(err)
    c.log:warn("%s failed: %s", name, text:match("^" .. name .. ": (.*)") or text)
  end
  return value, err
end

return M
