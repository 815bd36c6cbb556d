-- The bytes of a file that is uploaded: text, a path, or a function that gives them.

local core = require "slack.core"

---@class slack.web_api.UploadSource
---@field name string of the file
---@field length integer bytes, once it is measured
---@field path? string
local Source = {}
Source.__index = Source
Source.__name = "slack.web_api.upload_source"

---@param file slack.UploadFile
---@return slack.web_api.UploadSource
function Source.new(file)
  return setmetatable({
    name = file.filename or file.file:match "[^/]+$" or file.file,
    content = file.content, path = file.file, length = file.length,
  }, Source)
end

-- What is no regular file is not opened: that might wait for ever, as with a pipe.
local function measure_file(self)
  local stamp, kind = core.stat(self.path)
  if kind and kind ~= "file" then
    return nil, "file", ("the file cannot be read: %s: it is no regular file"):format(self.path)
  end
  local file, message = io.open(self.path, "rb")
  if not file then
    return nil, "file", ("the file cannot be read: %s"):format(message)
  end
  file:close()
  self.stamp, self.length = stamp, math.tointeger((stamp or ""):match "^%d+:%d+:(%d+)" or 0)
  return true
end

---Finds out how long it is.
---@return true? ok
---@return string? code
---@return string? message
function Source:measure()
  if self.path then
    local ok, code, message = measure_file(self)
    if not ok then
      return nil, code, message
    end
  elseif type(self.content) == "string" then
    self.length = #self.content
  end
  if self.length == 0 then
    return nil, "empty_file", "the file is empty, and Slack takes no empty ones"
  end
  return true
end

---The bytes, as a request takes them.
---@return string|table|function
function Source:body()
  return self.path and { file = self.path } or self.content
end

---What a request must be told of their number.
---@return integer?
function Source:given_length()
  return type(self.content) == "function" and self.length or nil
end

---Whether the file is another one than when it was measured.
---@return boolean
function Source:has_changed()
  return self.path ~= nil and core.stat(self.path) ~= self.stamp
end

return Source
