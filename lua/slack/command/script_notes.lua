-- Tells in the terminal of handler scripts that do not load, where the bot's log goes somewhere
-- else or is silent.

local core = require "slack.core"
local paint = require "slack.command.paint"

local M = {}

local function is_told_by_log(app)
  local options = app.settings.log
  return app.log:is_enabled "error" and not (type(options) == "table" and options.sink)
end

local function text_of(report)
  if report.kind == "recovered" then
    return "green", ("%s loads again: generation %d"):format(report.script, report.generation or 1)
  end
  return "red", ("%s does not load%s: %s"):format(report.script, report.generation
    and ("; generation %d stays"):format(report.generation) or "", report.message or "")
end

---@param app slack.App
---@param terminal slack.command.Terminal
function M.watch(app, terminal)
  if not app.scripts or is_told_by_log(app) then
    return
  end
  app.scripts:subscribe(function(report)
    if report.kind == "failed" or report.kind == "recovered" then
      local color, text = text_of(report)
      terminal.complain(paint(terminal, 2, color, "lua-slack: " .. core.redact(text)) .. "\n")
    end
  end)
end

return M
