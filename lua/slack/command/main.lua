#!/usr/bin/env lua5.4
-- The script `lua-slack`. Where its modules lie beside it, in a source tree or below a
-- PREFIX, it finds them by itself.

local function is_file(path)
  local file <close> = io.open(path, "rb")
  return file ~= nil
end

local function look_in(lua, core)
  if is_file(lua .. "/slack/init.lua") then
    package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(lua, lua, package.path)
    package.cpath = ("%s/?.so;%s"):format(core, package.cpath)
  end
end

local here = arg[0]:match "^(.*)/" or "."
if here:find "slack/command/?$" then
  look_in(here .. "/../..", os.getenv "SLACK_CORE_DIR" or here .. "/../../../build")
else
  look_in(here .. "/../share/lua/5.4", here .. "/../lib/lua/5.4")
end

local command = require "slack.command"

local INTERRUPTED, BROKEN_PIPE = 130, 32

-- Ctrl-C is an error that Lua's own program raises: an end, and no mistake of the program.
local function caught(err)
  return tostring(err):find "interrupted!$" and INTERRUPTED or debug.traceback(tostring(err), 2)
end

-- What was written may still be on its way; who reads no further has seen enough.
local function flushed(status)
  local ok, problem, number = io.stdout:flush()
  if ok or number == BROKEN_PIPE then
    return status
  end
  io.stderr:write("lua-slack: the output cannot be written: ", problem, "\n")
  return math.max(status, command.FAILED)
end

local ok, outcome = xpcall(command.run, caught, arg, command.terminal())
if not ok then
  io.stderr:write(outcome == INTERRUPTED and "" or outcome, "\n")
  os.exit(outcome == INTERRUPTED and INTERRUPTED or command.FAILED)
end
os.exit(flushed(outcome), true)
