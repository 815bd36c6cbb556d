-- The libraries that lua-slack runs on, and what is known to be wrong with some of them.

local cjson = require "cjson"
local debian = require "slack.doctor.debian"
local sorted_keys = require "slack.sorted_keys"

-- Versions up to (and without) `below` and from `from` on, but for those that `mended` names: of
-- other branches, with the first version of each that has the repair.
---@class slack.doctor.Trap
---@field library string
---@field from? string
---@field below? string
---@field mended? table<string, string> by the branch, "3.50" = "3.50.7"
---@field is_problem? boolean
---@field reference? string a CVE, which a distribution's package names when it has the repair
---@field repaired? table<string, string> the first version of such a package, by its name
---@field message string
---@field remedy string
local TRAPS = {
  {
    library = "libcurl", below = "7.85", is_problem = true,
    message = "libcurl %s cannot do all that lua-slack asks of it",
    remedy = "install libcurl 7.85 or newer and build lua-slack again",
  },
  { -- https://osv.dev/vulnerability/CVE-2023-23916
    library = "libcurl", from = "7.57", below = "7.88", reference = "CVE-2023-23916",
    message = "libcurl %s unpacks an answer that is packed any number of times: a hostile server "
      .. "can fill the memory",
    remedy = "install libcurl 7.88 or newer",
  },
  { -- https://curl.se/docs/CVE-2026-3784.html
    library = "libcurl", from = "7.7", below = "8.19", reference = "CVE-2026-3784",
    repaired = { libcurl4 = "7.88.1-10+deb12u15" },
    mended = { ["8.14"] = "8.14.2", ["8.16"] = "8.16.1" },
    message = "libcurl %s may send a request over a proxy's connection that was opened with other "
      .. "credentials: it matters to programs that have several of them for one proxy",
    remedy = "install libcurl 8.19 or newer",
  },
  { -- https://curl.se/docs/CVE-2025-0665.html
    library = "libcurl", from = "8.11.1", below = "8.12", reference = "CVE-2025-0665",
    message = "libcurl %s closes a descriptor twice, which may be somebody else's by then",
    remedy = "install libcurl 8.12 or newer",
  },
  { -- https://github.com/curl/curl/issues/22272, 21960, 21643
    library = "libcurl", from = "8.20", below = "8.22",
    message = "libcurl %s is known to lose wake-ups and to spin",
    remedy = "install libcurl 8.22 or newer, or one before 8.20",
  },
  { -- changelog of libwebsockets 4.3.2
    library = "libwebsockets", from = "4.3.0", below = "4.3.2",
    message = "libwebsockets %s is known to use memory of connections that have ended",
    remedy = "install libwebsockets 4.3.2 or newer",
  },
  {
    library = "openssl", below = "3.0",
    message = "OpenSSL %s gets no security fixes any more",
    remedy = "install OpenSSL 3.0 or newer and build lua-slack again",
  },
  { -- https://www.openssl.org/news/secadv/20221101.txt
    library = "openssl", from = "3.0.0", below = "3.0.7", reference = "CVE-2022-3602",
    message = "OpenSSL %s can be made to write beyond a buffer by a certificate",
    remedy = "install OpenSSL 3.0.7 or newer",
  },
  {
    library = "sqlite", below = "3.24", is_problem = true,
    message = "SQLite %s lacks what the store needs",
    remedy = "install SQLite 3.24 or newer",
  },
  { -- https://github.com/redis/hiredis/security/advisories/GHSA-hfm9-39pp-55p2
    library = "hiredis", below = "1.0.1", reference = "CVE-2021-32765",
    repaired = { ["libhiredis0.14"] = "0.14.1-2" },
    message = "hiredis %s can be made to write beyond a buffer by what a Redis server answers",
    remedy = "install hiredis 1.0.2 or newer and build lua-slack again",
  },
  { -- https://github.com/redis/hiredis/releases/tag/v1.3.1, v1.4.1
    library = "hiredis", from = "1.3.0", below = "1.4.1", mended = { ["1.3"] = "1.3.1" },
    message = "hiredis %s can be made to overflow its stack by what a Redis server answers",
    remedy = "install hiredis 1.4.1 or newer and build lua-slack again",
  },
  { -- https://www.lua.org/bugs.html#5.4.0
    library = "lua", from = "5.4.0", below = "5.4.1", reference = "CVE-2020-15888",
    message = "Lua %s uses memory that it has freed when its stack grows while it collects garbage",
    remedy = "install Lua 5.4.6 or newer",
  },
  { -- https://www.lua.org/bugs.html#5.4.5
    library = "lua", from = "5.4.5", below = "5.4.6",
    message = "Lua %s calls one function of its interface otherwise than all other versions of 5.4",
    remedy = "install Lua 5.4.6 or newer, which was released for that",
  },
}

local PACKAGES = {
  libcurl = { "libcurl4t64", "libcurl4" },
  openssl = { "libssl3t64", "libssl3" },
  hiredis = { "libhiredis1.1.0", "libhiredis0.14" },
  lua = { "liblua5.4-0", "lua5.4" },
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

local function branch_of(version)
  local parts = numbers(version)
  return ("%d.%d"):format(parts[1] or 0, parts[2] or 0)
end

local function is_in(trap, version)
  local mended = trap.mended and trap.mended[branch_of(version)]
  return not (trap.from and is_below(version, trap.from))
    and not (trap.below and not is_below(version, trap.below))
    and not (mended and not is_below(version, mended))
end

local function is_repaired(case, trap)
  return trap.reference ~= nil
    and debian.has_repair(case.read, PACKAGES[trap.library] or {}, trap.reference, trap.repaired)
end

local function report_trap(trap, version, report)
  local message = trap.message:format(version:match "%d[%w.]*")
  if trap.is_problem then
    return report:problem(message, trap.remedy)
  elseif not trap.reference then
    return report:warning(message, trap.remedy)
  end
  report:warning(("%s (%s)"):format(message, trap.reference),
    trap.remedy .. ", or a package of your distribution that has the repair")
end

local function check_versions(case, report)
  local names = {}
  for i, name in ipairs(sorted_keys(case.versions)) do
    names[i] = name .. " " .. (case.versions[name]:match "%d[%w.]*" or case.versions[name])
  end
  local clean = true
  for _, trap in ipairs(TRAPS) do
    local version = case.versions[trap.library]
    if version and is_in(trap, version) and not is_repaired(case, trap) then
      clean = false
      report_trap(trap, version, report)
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
