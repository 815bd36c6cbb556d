-- AddressSanitizer holds back what is freed, and a copy of a process that has threads may wait
-- for ever for locks of its allocator.
local files = require "support.files"

---@return boolean whether the C module is made for it
return function()
  local module = files.read(package.searchpath("slack.core", package.cpath))
  return module:find("__asan_init", 1, true) ~= nil
end
