-- What the packages of Debian and its kin say of repairs: these come without a new version of
-- the library.

local core = require "slack.core"

local STATUS = "/var/lib/dpkg/status"
local CHANGELOG = "/usr/share/doc/%s/changelog.Debian.gz"
local MOST_CHANGELOG = 16 * 1024 * 1024 -- bytes

local M = {}

-- Versions (deb-version(7)) -----------------------------------------------------------------

-- "~" comes before the end of a version, letters before all else.
local function weight(char)
  if char == "" or char:find "%d" then
    return 0
  elseif char == "~" then
    return -1
  end
  return char:find "%a" and char:byte() or char:byte() + 256
end

local function compare(a, b)
  while a ~= "" or b ~= "" do
    while a:find "^%D" or b:find "^%D" do
      local difference = weight(a:sub(1, 1)) - weight(b:sub(1, 1))
      if difference ~= 0 then
        return difference
      end
      a, b = a:sub(2), b:sub(2)
    end
    local one, other = a:match "^%d*", b:match "^%d*"
    local difference = (tonumber(one) or 0) - (tonumber(other) or 0)
    if difference ~= 0 then
      return difference
    end
    a, b = a:sub(#one + 1), b:sub(#other + 1)
  end
  return 0
end

local function parts(version)
  local epoch, rest = version:match "^(%d+):(.*)$"
  rest = rest or version
  local upstream, revision = rest:match "^(.*)%-([^-]*)$"
  return tonumber(epoch) or 0, upstream or rest, revision or "0"
end

---@param version string
---@param other string
---@return boolean
function M.is_older(version, other)
  local epoch, upstream, revision = parts(version)
  local other_epoch, other_upstream, other_revision = parts(other)
  if epoch ~= other_epoch then
    return epoch < other_epoch
  end
  local difference = compare(upstream, other_upstream)
  return (difference ~= 0 and difference or compare(revision, other_revision)) < 0
end

-- Packages ----------------------------------------------------------------------------------

local function installed(status, package)
  local from = ("\n" .. status):find(("\nPackage: %s\n"):format(package), 1, true)
  local entry = from and status:sub(from, (status:find("\n\n", from, true)))
  return entry and entry:find "Status: [%w ]* installed" and entry:match "Version: (%S+)"
end

---Whether a package that is installed has a repair.
---@param read fun(path: string): string?
---@param packages string[] names, the newest first
---@param reference string under which the changelog has it
---@param repaired? table<string, string> the first version of a package that has it, where known
---@return boolean
function M.has_repair(read, packages, reference, repaired)
  local status = read(STATUS)
  for _, package in ipairs(packages) do
    local version = status and installed(status, package)
    local packed = read(CHANGELOG:format(package))
    local text = packed and core.gunzip(packed, MOST_CHANGELOG)
    if text then
      return text:find(reference, 1, true) ~= nil
    elseif version and repaired and repaired[package] then -- images often come without changelogs
      return not M.is_older(version, repaired[package])
    end
  end
  return false
end

return M
