-- What to say to who calls a client's method by a name that it has not, or in a wrong way.

local misuse = require "slack.misuse"
local near_miss = require "slack.near_miss"

local FOLDER = misuse.folder()

-- Names that other libraries have.
local ELSEWHERE = {
  api_call = "call", apiCall = "call", files_upload = "upload", files_upload_v2 = "upload",
  filesUploadV2 = "upload", paginate = "each", request = "call",
}

local M = {}

---What is wrong with client:NAME(…), which is no method of the client's.
---@param class table of the client
---@param name string
---@return string problem
function M.problem(class, name)
  if name:find(".", 1, true) then
    return ("%s: call it with a dot, not with a colon"):format(name)
  end
  local known = {}
  for method, value in pairs(class) do
    if type(value) == "function" and not method:find "^_" then
      known[method] = true
    end
  end
  local other = ELSEWHERE[name]
  local advice = other and "; use client:" .. other or near_miss(name, known)
  return ("client:%s: a client has no such method%s"):format(name, advice ~= "" and advice
    or "; those of the Web API are called with a dot, as client.chat.postMessage")
end

---Raises at the program's line unless the method was called with a colon.
---@param object any that it was called with
---@param class table
---@param name string of the method, with what it is a method of: "client.upload"
function M.check_self(object, class, name)
  if getmetatable(object) ~= class then
    misuse.raise(FOLDER, ("%s: call it with a colon: %s(…)"):format(name,
      (name:gsub("%.([%w_]+)$", ":%1"))))
  end
end

---Has all methods of a class check what they are called with.
---@param class table
---@param what string that it is a class of: "audit_logs"
function M.check_selves(class, what)
  for name, method in pairs(class) do
    if type(method) == "function" and not name:find "^_" then
      class[name] = function(self, ...)
        M.check_self(self, class, what .. "." .. name)
        return method(self, ...)
      end
    end
  end
end

return M
