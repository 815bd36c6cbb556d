-- Who of those that can be measured is: BENCH_ONLY names fewer, and some are not installed.

local function exists(path)
  local file = io.open(path)
  return file ~= nil and file:close()
end

local function is_wanted(one)
  local only = os.getenv "BENCH_ONLY" or ""
  if only ~= "" and not ("," .. only .. ","):find("," .. one.name .. ",", 1, true) then
    return false
  end
  return exists(one.file)
end

---Those that are there, in their order: lua-slack first.
---@generic T
---@param all T[] each with a name and the file that must be there
---@param how string for what is told of the others, as in "not measured over HTTP"
---@return T[]
return function(all, how)
  local wanted = {}
  for _, one in ipairs(all) do
    if is_wanted(one) then
      wanted[#wanted + 1] = one
    else
      print(("(%s is %s: %s)"):format(one.name, how, one.file))
    end
  end
  return wanted
end
