-- Where, when and of what a run was.

local core = require "slack.core"

local M = {}

local function read(path)
  local file <close> = io.open(path)
  return file and file:read "a" or ""
end

-- The first line that a command prints, "" when it cannot be run.
local function said(command)
  local pipe <close> = assert(io.popen(command .. " 2>/dev/null"))
  return pipe:read "l" or ""
end

local function version_of(command)
  return said(command):match "%d[%w.+-]*"
end

local function commit()
  local dirty = said "git status --porcelain --untracked-files=no" ~= ""
  return said "git rev-parse --short HEAD" .. (dirty and " and changes" or "")
end

local function machine()
  local cpu = read "/proc/cpuinfo"
  local _, processors = cpu:gsub("processor%s*:", "")
  return {
    processors = processors, model = cpu:match "model name%s*: ([^\n]*)",
    system = read "/etc/os-release":match 'PRETTY_NAME="([^"]*)"', kernel = said "uname -r",
    load = tonumber(read "/proc/loadavg":match "^[%d.]+"),
  }
end

local function peer_version(package)
  return read((arg[1] or "build") .. "/bench/node_modules/@slack/" .. package .. "/package.json")
    :match '"version": "([^"]*)"'
end

---@return table
function M.read()
  local versions = core.versions()
  versions.lua = version_of((arg[-1] or "lua5.4") .. " -v")
  versions.compiler = version_of "${CC:-cc} --version"
  versions.node, versions.go = version_of "node --version", version_of "go version"
  versions.bolt, versions.web_api = peer_version "bolt", peer_version "web-api"
  versions.slack_go = said "dpkg-query -W -f='${Version}' golang-github-slack-go-slack-dev"
  return {
    date = os.date "!%Y-%m-%dT%H:%M:%SZ", commit = commit(), machine = machine(),
    versions = versions,
  }
end

---@param around table
---@param rounds integer
---@return string
function M.line(around, rounds)
  local machine_, versions = around.machine, around.versions
  return ("%s, commit %s: %d processors (%s), %s, load %.1f at the start; libcurl %s, "
    .. "libwebsockets %s, %s, Lua %s. %s"):format(around.date:sub(1, 10), around.commit,
    machine_.processors, machine_.model or "?", machine_.system or "?", machine_.load or 0,
    versions.libcurl, versions.libwebsockets, versions.openssl, versions.lua, rounds == 1
    and "One round." or ("Medians of %d rounds, in parentheses the least and the most; "
    .. "ratios are taken in each round."):format(rounds))
end

return M
