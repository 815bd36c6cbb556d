-- Files of the local Slack: URLs that take bytes once, what was sent there, and where it
-- is read again (protocol §14).

local json = require "slack.json"
local merged = require "slack.merged"
local multipart = require "slack.sandbox.multipart"
local new_id = require "slack.sandbox.new_id"

---@class slack.sandbox.File
---@field id string
---@field content? string once it has been sent
---@field fields table of the file as the Web API gives it, once it is complete

---@class slack.sandbox.Uploads
---@field files table<string, slack.sandbox.File> by id
local Uploads = {}
Uploads.__index = Uploads
Uploads.__name = "slack.sandbox.uploads"

local PATH, PRIVATE_PATH = "/upload/v1/", "/files-pri/"

---@param url string of the local Slack
---@param find_token fun(token: string): table?
---@return slack.sandbox.Uploads
function Uploads.new(url, find_token)
  return setmetatable({ url = url, find_token = find_token, files = {}, awaited = {} }, Uploads)
end

---A URL for the bytes of a file to come.
---@param workspace slack.sandbox.Workspace
---@param what { filename: string, length: integer, user_id: string }
---@return string url, string file_id
function Uploads:await(workspace, what)
  local file = merged(what, { id = new_id "F", workspace = workspace })
  local secret = new_id "" .. new_id ""
  self.files[file.id], self.awaited[PATH .. secret] = file, file
  return self.url .. PATH:sub(2) .. secret, file.id
end

---The file is whole: it can be seen from now on.
---@param file slack.sandbox.File
---@param title? string
---@return table fields
function Uploads:complete(file, title)
  local url = ("%s%s%s/%s"):format(self.url, PRIVATE_PATH:sub(2), file.id,
    (file.filename:lower():gsub("[^%w.-]", "_")))
  file.fields = {
    id = file.id, name = file.filename, title = title or file.filename, user = file.user_id,
    size = #file.content, mode = "hosted", url_private = url, url_private_download = url,
    created = math.floor(file.workspace.clock()), shares = { public = {}, private = {} },
    channels = json.list {},
  }
  return file.fields
end

---@param id any
---@param workspace slack.sandbox.Workspace
---@return slack.sandbox.File?
function Uploads:find(id, workspace)
  local file = self.files[id]
  return file and file.workspace == workspace and file or nil
end

local function answer(status, text)
  return status, { "Content-Type", "text/plain" }, text
end

local function take(self, request)
  local file = self.awaited[request.path]
  if not file or request.method ~= "POST" then
    return answer(404, "not found")
  end
  self.awaited[request.path] = nil
  local content = multipart.content(request.body, request.headers["content-type"])
  if not content or #content ~= file.length then
    return answer(400, "the length is not the one that was announced")
  end
  file.content = content
  return answer(200, "OK - " .. #content)
end

local function give(self, request)
  local file = self.files[request.path:sub(#PRIVATE_PATH + 1):match "^%w+" or ""]
  local token = (request.headers.authorization or ""):match "^[Bb]earer%s+(%S+)$"
  if not file or not file.fields then
    return answer(404, "not found")
  elseif not token or not self.find_token(token) then
    return 302, { "Location", self.url }, ""
  end
  return 200, { "Content-Type", "application/octet-stream" }, file.content
end

---@param request slack.sandbox.Request
---@return integer? status nil when it is no request for a file
---@return string[]? headers
---@return string? body
function Uploads:handle(request)
  if request.path:sub(1, #PATH) == PATH then
    return take(self, request)
  elseif request.path:sub(1, #PRIVATE_PATH) == PRIVATE_PATH then
    return give(self, request)
  end
end

return Uploads
