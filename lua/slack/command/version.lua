-- `lua-slack version`

local columns = require "slack.command.columns"
local core = require "slack.core"
local sorted_keys = require "slack.sorted_keys"
local version = require "slack.version"

return {
  summary = "versions of lua-slack and of the libraries it runs on",
  run = function(_, terminal)
    local libraries = core.versions()
    local rows = { { "lua-slack", version } }
    for _, name in ipairs(sorted_keys(libraries)) do
      table.insert(rows, { name, (libraries[name]:gsub("%-$", "")) }) -- "4.1.6-" of libwebsockets
    end
    terminal.write(columns.format(rows))
    return 0
  end,
}
