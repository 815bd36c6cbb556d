-- Who of those that can be measured is: BENCH_ONLY names fewer, and some are not installed.

local settings = require "bench.settings"

local told = {}

local function exists(path)
  local file = io.open(path)
  return file ~= nil and file:close()
end

---Those that are there, in their order: lua-slack first.
---@generic T
---@param report bench.Report which is told of the others
---@param all T[] each with a name and the file that must be there
---@return T[]
return function(report, all)
  local wanted = {}
  for _, one in ipairs(all) do
    if settings.wants(one.name) and exists(one.file) then
      wanted[#wanted + 1] = one
    elseif not told[one.name .. one.file] then
      told[one.name .. one.file] = true
      report:say(("(%s is not measured: %s)"):format(one.name, settings.wants(one.name)
        and "there is no " .. one.file .. "; see make bench-deps" or "BENCH_ONLY"))
    end
  end
  return wanted
end
