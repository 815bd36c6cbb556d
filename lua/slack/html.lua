-- Text in pages.

local ENTITIES = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}

local M = {}

---Text as it can stand anywhere in a page, in quoted attributes too.
---@param text any
---@return string
function M.escape(text)
  return (tostring(text):gsub("[&<>\"']", ENTITIES))
end

return M
