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
os.exit(command.run(arg, command.terminal()), true)
