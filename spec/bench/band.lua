-- Whether instruction counts are where the baseline says: each may be 5 % more. Those that are
-- more than 5 % less pass, with a word that the baseline can be made anew.

local M = {}

M.BAND = 0.05

---@class bench.Verdict
---@field name string
---@field before integer?
---@field now integer?
---@field change number? 0.02: 2 % more
---@field says string
---@field is_failure boolean

local function judge(before, now)
  if not before then
    return true, "not in the baseline: make bench-baseline"
  elseif not now then
    return true, "no longer counted: make bench-baseline"
  end
  local change = now / before - 1
  if change > M.BAND then
    return true, "more than the band allows", change
  elseif change < -M.BAND then
    return false, "less: the baseline can be made anew (make bench-baseline)", change
  end
  return false, "within the band", change
end

---@param baseline table<string, integer>
---@param counted table<string, integer>
---@return bench.Verdict[] by name
---@return boolean passes
function M.compare(baseline, counted)
  local names, verdicts, passes = {}, {}, true
  for name in pairs(baseline) do
    names[#names + 1] = name
  end
  for name in pairs(counted) do
    names[#names + 1] = baseline[name] == nil and name or nil
  end
  table.sort(names)
  for i, name in ipairs(names) do
    local is_failure, says, change = judge(baseline[name], counted[name])
    verdicts[i] = {
      name = name, before = baseline[name], now = counted[name], change = change,
      says = says, is_failure = is_failure,
    }
    passes = passes and not is_failure
  end
  return verdicts, passes
end

-- What changes with any release, and what with none: how it counts is the same.
local EXACT <const>, TOLD <const> = { flags = true }, { valgrind = true }

-- "12.2" of "12.2.0-14"
local function release(version)
  return tostring(version):match "^[^%d]*%d+%.%d+" or tostring(version)
end

---What was counted with something else than the baseline was. A count depends on what is in
---it: the compiler and how it is asked, Lua, the C library. Patch releases are taken as the same.
---@param baseline table<string, string> versions by name
---@param here table<string, string>
---@return string[] others that make a comparison worthless
---@return string[] patches that are only to be told of
function M.differences(baseline, here)
  local others, patches, names = {}, {}, {}
  for name in pairs(baseline) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local before, now = baseline[name], here[name]
    if before ~= now then
      local is_patch = TOLD[name] or not EXACT[name] and release(before) == release(now)
      local list = is_patch and patches or others
      list[#list + 1] = ("%s: %s, the baseline's is %s"):format(name, now or "unknown", before)
    end
  end
  return others, patches
end

return M
