-- Where a stack overflows on purpose: Lua drops what it comes to finalize there,
-- since its finalizer cannot be called, and a sanitizer then finds it leaked.

---Calls fn with the collector stopped.
return function(fn)
  collectgarbage "stop"
  local restart <close> = setmetatable({}, { -- luacheck: ignore 211 (its end matters)
    __close = function() collectgarbage "restart" end,
  })
  fn()
end
