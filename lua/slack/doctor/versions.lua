-- The libraries that lua-slack runs on, and what is known to be wrong with some of them.

local cjson = require "cjson"
local sorted_keys = require "slack.sorted_keys"

-- Versions up to (and without) `below` and from `from` on.
---@class slack.doctor.Trap
---@field library string
---@field from? string
---@field below? string
---@field is_problem? boolean
---@field message string
---@field remedy string
local TRAPS = {
  {
    library = "libcurl", below = "7.86", is_problem = true,
    message = "libcurl %s cannot do all that lua-slack asks of it",
    remedy = "install libcurl 7.86 or newer and build lua-slack again",
  },
  {
    library = "libcurl", from = "8.20", below = "8.22",
    message = "libcurl %s is known to lose wake-ups and to spin",
    remedy = "install libcurl 8.22 or newer, or one before 8.20",
  },
  {
    library = "libwebsockets", from = "4.3.0", below = "4.3.2",
    message = "libwebsockets %s is known to use memory of connections that have ended",
    remedy = "install libwebsockets 4.3.2 or newer",
  },
  {
    library = "openssl", below = "3.0",
    message = "OpenSSL %s gets no security fixes any more",
    remedy = "install OpenSSL 3.0 or newer and build lua-slack again",
  },
  {
    library = "sqlite", below = "3.35", is_problem = true,
    message = "SQLite %s lacks what the store needs",
    remedy = "install SQLite 3.35 or newer",
  },
}

local function numbers(text)
  local list = {}
  for number in (text:match "%d[%d.]*" or "0"):gmatch "%d+" do
    list[#list + 1] = tonumber(number)
  end
  return list
end

local function is_below(version, other)
  local a, b = numbers(version), numbers(other)
  for i = 1, math.max(#a, #b) do
    if (a[i] or 0) ~= (b[i] or 0) then
      return (a[i] or 0) < (b[i] or 0)
    end
  end
  return false
end

local function check_versions(case, report)
  local names = {}
  for i, name in ipairs(sorted_keys(case.versions)) do
    names[i] = name .. " " .. (case.versions[name]:match "%d[%w.]*" or case.versions[name])
  end
  local clean = true
  for _, trap in ipairs(TRAPS) do
    local version = case.versions[trap.library]
    if version and not (trap.from and is_below(version, trap.from))
      and not (trap.below and not is_below(version, trap.below)) then
      clean = false
      report[trap.is_problem and "problem" or "warning"](report,
        trap.message:format(version:match "%d[%w.]*"), trap.remedy)
    end
  end
  if clean then
    report:ok(table.concat(names, ", "))
  end
end

local function check_lua(case, report)
  local codec = case.cjson or cjson
  local name = ("%s, lua-cjson %s"):format(case.lua_version or _VERSION,
    tostring(codec._VERSION or "of an unknown version"))
  if not codec.new or not codec.encode_max_depth then
    return report:problem(name .. ": another module stands where lua-cjson is looked for",
      "luarocks --lua-version 5.4 install lua-cjson")
  end
  report:ok(name)
end

return {
  { name = "libraries", run = check_versions },
  { name = "lua", run = check_lua },
}
