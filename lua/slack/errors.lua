-- What `nil, err` carries: a table to branch on that reads as one clear line.

local core = require "slack.core"

---@class slack.Error
---@field code string Slack's word ("channel_not_found") or ours ("timeout", "connection", …)
---@field message string one sentence: what failed and what to do
---@field method? string the Web API method
---@field status? integer of HTTP
---@field retry_after? number seconds
---@field is_unsent? boolean of a "timeout": the time was over before anything was sent
---@field response? table the decoded answer
---@field needed? string the scope that the token lacks
---@field provided? string the scopes that it has
---@field messages? string[] what Slack explains: "[ERROR] missing required field: …"
---@field errors? any[] the failures of a call that is about several things
---@field request_id? string what Slack's support finds the request by
---@field body? string the answer as it came when it could not be decoded, its first 128 KiB
---@field path? string where in blocks or a view the mistake is: "blocks[3].accessory.options[101]"
---@field cursor? string|integer of "endless_pages": where to go on from
---@field problems? slack.blocks.Problem[] all that is wrong with them
---@field cause? any what it came of
local Error = { __name = "slack.error" }

local M = {}

---@param fields { code: string, message: string?, [string]: any }
---@return slack.Error
function M.new(fields)
  local err = {}
  for key, value in pairs(fields) do
    err[key] = value
  end
  err.message = core.redact(fields.message or fields.code)
  return setmetatable(err, Error)
end

---What makes the errors of a method: its name stands before each message.
---@param method string "client:upload"
---@return fun(code: string, message: string, fields: table?): slack.Error
function M.of(method)
  return function(code, message, fields)
    local err = fields or {}
    err.code, err.message, err.method = code, ("%s: %s"):format(method, message), method
    return M.new(err)
  end
end

---@param value any
---@return boolean
function M.is(value)
  return getmetatable(value) == Error
end

-- What a server says in it may be long, and made of blanks.
local function in_one_line(text)
  local lines = {}
  for line in text:gmatch "[^\r\n]+" do
    local start = line:find "%S"
    lines[#lines + 1] = start and line:match("^.*%S", start)
  end
  return table.concat(lines, "; ")
end

-- Raised by assert or printed, it must be one line that names the method.
function Error.__tostring(err)
  local text = err.message
  if err.method and not text:find(err.method, 1, true) then
    text = err.method .. ": " .. text
  end
  return text:find "[\r\n]" and in_one_line(text) or text
end

function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

return M
