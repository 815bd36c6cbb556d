local assert = require "luassert"

---The message that a call raises, which must blame the spec file that this is called from.
---@param fn function
---@param ... any arguments of fn
---@return string message
return function(fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(debug.getinfo(2, "S").short_src, message:match "^(.-):%d+: ")
  return message
end
