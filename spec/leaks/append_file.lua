-- Adds to files, and opens what cannot be one.
local core = require "slack.core"
local files = require "support.files"
local footprint = require "support.footprint"

local folder = files.temporary()

local function one_round()
  local file = assert(core.append_file(folder.path .. "/texts"))
  local before = file:size()
  assert(file:add("line\n") and file:size() == before + 5)
  file:close()
  core.append_file(folder.path .. "/texts") -- left to the garbage collector
  assert(not core.append_file(folder.path))
  assert(not core.append_file(folder.path .. "/nowhere/texts"))
  local full = core.append_file "/dev/full"
  assert(not full) -- a device
end

footprint.rounds(30, one_round)
getmetatable(folder).__close(folder)
