-- What the C module is made for besides. AddressSanitizer holds back what is freed, and a copy of
-- a process that has threads may wait for ever for locks of its allocator. ThreadSanitizer calls
-- handlers of signals when a call has ended, not while it blocks.
local files = require "support.files"

---@return "address"|"thread"|nil
return function()
  local module = files.read(package.searchpath("slack.core", package.cpath))
  for _, name in ipairs { "address", "thread" } do
    if module:find(("__%ssan_init"):format(name:sub(1, 1)), 1, true) then
      return name
    end
  end
end
