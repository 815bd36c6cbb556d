-- Makes the annotations of lua/slack/types that follow from the table of methods and from the
-- facts beside this file:
--
--   make types

local M = {}

---@return table<string, string> text by path
function M.files()
  local all = {}
  for _, part in ipairs { "generate.method_types", "generate.event_types" } do
    for path, text in pairs(require(part).files()) do
      all[path] = text:gsub("\n+$", "\n")
    end
  end
  return all
end

local function main()
  assert(os.execute "mkdir -p lua/slack/types/methods && rm -f lua/slack/types/methods/*.lua")
  for path, text in pairs(M.files()) do
    local file <close> = assert(io.open(path, "wb"))
    assert(file:write(text))
  end
end

if arg and arg[0] and arg[0]:find "spec/generate/types%.lua$" then
  main()
end

return M
