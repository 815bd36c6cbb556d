-- Colors for people at a terminal; plain text anywhere else.

local CODES = { red = 31, green = 32, yellow = 33, cyan = 36, bold = 1, dim = 2 }

---@param terminal slack.command.Terminal
---@param stream 1|2 where it is written: the standard output, the standard error
---@param color "red"|"green"|"yellow"|"cyan"|"bold"|"dim"
---@param text string
---@return string
return function(terminal, stream, color, text)
  if not (terminal.has_color and terminal.has_color(stream)) then
    return text
  end
  return ("\27[%dm%s\27[0m"):format(CODES[color], text)
end
