-- Files of the local Slack: URLs that take bytes once, what was sent there, and where it
-- is read again (protocol §14).

local form = require "slack.form"
local json = require "slack.json"
local merged = require "slack.merged"
local multipart = require "slack.sandbox.multipart"
local new_id = require "slack.sandbox.new_id"

---@class slack.sandbox.File
---@field id string
---@field content? string once it has been sent, until it is deleted
---@field fields table of the file as the Web API gives it, once it is complete
---@field is_deleted? boolean

---@class slack.sandbox.Uploads
---@field files table<string, slack.sandbox.File> by id
local Uploads = {}
Uploads.__index = Uploads
Uploads.__name = "slack.sandbox.uploads"

-- Bytes of a request here; Slack takes files of 1 GB.
Uploads.MAX = 64 * 1024 * 1024

local PATH <const>, PRIVATE_PATH <const>, PUBLIC_PATH <const> =
  "/upload/v1/", "/files-pri/", "/files-pub/"

---@param url string of the local Slack
---@param find_token fun(token: string): table?
---@return slack.sandbox.Uploads
function Uploads.new(url, find_token)
  return setmetatable({
    url = url, find_token = find_token, files = {}, awaited = {}, complete_files = {},
  }, Uploads)
end

---A URL for the bytes of a file to come.
---@param workspace slack.sandbox.Workspace
---@param what { filename: string, length: integer, user_id: string, alt_txt: string?,
---  snippet_type: string? }
---@return string url, string file_id
function Uploads:await(workspace, what)
  local file = merged(what, { id = new_id "F", workspace = workspace })
  local secret = new_id "" .. new_id ""
  self.files[file.id], self.awaited[PATH .. secret] = file, file
  return self.url .. PATH:sub(2) .. secret, file.id
end

local MEDIA_TYPES = {
  csv = "text/csv", gif = "image/gif", html = "text/html", jpg = "image/jpeg",
  json = "application/json", lua = "text/x-lua", pdf = "application/pdf", png = "image/png",
  txt = "text/plain", zip = "application/zip",
}

-- Slack goes by the name.
local function type_of(file)
  local ending = file.filename:match "%.(%w+)$"
  local kind = file.snippet_type or (ending or "binary"):lower()
  return kind, MEDIA_TYPES[kind] or "application/octet-stream"
end

---The file is whole: it can be seen from now on.
---@param file slack.sandbox.File
---@param title? string
---@return table fields
function Uploads:complete(file, title)
  local url = ("%s%s%s/%s"):format(self.url, PRIVATE_PATH:sub(2), file.id,
    (file.filename:lower():gsub("[^%w.-]", "_")))
  local kind, media_type = type_of(file)
  local created = math.floor(file.workspace.clock())
  local address = ("%s/%s/%s"):format(file.user_id, file.id, url:match "[^/]+$")
  file.fields = {
    id = file.id, name = file.filename, title = title or file.filename, user = file.user_id,
    size = #file.content, mode = file.snippet_type and "snippet" or "hosted", filetype = kind,
    pretty_type = kind:upper(), mimetype = media_type, url_private = url,
    url_private_download = url, alt_txt = file.alt_txt, created = created, timestamp = created,
    user_team = file.workspace.id, editable = file.snippet_type ~= nil, is_external = false,
    external_type = "", is_public = false, public_url_shared = false, display_as_bot = false,
    username = "", media_display_type = "unknown", is_starred = false, has_rich_preview = false,
    file_access = "visible", permalink = ("https://%s.slack.com/files/%s"):format(
      file.workspace.team.domain, address),
    permalink_public = ("%s%s%s-%s"):format(self.url, PUBLIC_PATH:sub(2), file.id,
      new_id "":lower()),
    shares = { public = {}, private = {} }, channels = json.list {}, groups = json.list {},
    ims = json.list {}, comments_count = 0,
  }
  table.insert(self.complete_files, file)
  self.tell(file, "file_created")
  return file.fields
end

---Tells the app of something about a file.
---@param file slack.sandbox.File
---@param kind string type of the event
function Uploads.tell(file, kind)
  local workspace = file.workspace
  workspace.on_event {
    type = kind, user_id = file.user_id, file_id = file.id, file = { id = file.id },
    event_ts = workspace:new_ts(),
  }
end

---A file that somebody has sent from elsewhere than the Web API.
---@param workspace slack.sandbox.Workspace
---@param what { filename: string, content: string, user_id: string, title: string? }
---@return table fields
function Uploads:add(workspace, what)
  local file = merged(what, { id = new_id "F", workspace = workspace, length = #what.content })
  self.files[file.id] = file
  return self:complete(file, what.title)
end

---Posts a message with files, and tells that they are shared with the channel.
---@param workspace slack.sandbox.Workspace
---@param channel table
---@param files table[] fields
---@param message table what else it has: user, text, blocks, thread_ts
---@return table message
function Uploads.share(workspace, channel, files, message)
  local posted = workspace:post(channel, merged(message, {
    subtype = "file_share", files = files, upload = true,
  }))
  for _, file in ipairs(files) do
    local shares = channel.is_private and file.shares.private or file.shares.public
    shares[channel.id] = { { ts = posted.ts, thread_ts = posted.thread_ts } }
    table.insert(channel.is_im and file.ims or channel.is_private and file.groups
      or file.channels, channel.id)
    file.is_public = file.is_public or not (channel.is_private or channel.is_im)
    workspace:emit(channel, {
      type = "file_shared", file_id = file.id, file = { id = file.id }, user_id = posted.user,
      channel_id = channel.id, event_ts = posted.ts,
    })
  end
  return posted
end

---Fields of the files that can be seen.
---@param workspace slack.sandbox.Workspace
---@return table[]
function Uploads:newest_first(workspace)
  local found = {}
  for i = #self.complete_files, 1, -1 do
    local file = self.complete_files[i]
    if file.workspace == workspace and not file.is_deleted then
      table.insert(found, file.fields)
    end
  end
  return found
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

local function may_read(self, request)
  local token = (request.headers.authorization or ""):match "^[Bb]earer%s+(%S+)$"
  local identity = token and self.find_token(token)
  for _, scope in ipairs(identity and identity.scopes or {}) do
    if scope == "files:read" then
      return true
    end
  end
  return false
end

-- Who may not have it is sent to the page to sign in, as browsers are.
local function give(self, request)
  local file = self.files[request.path:sub(#PRIVATE_PATH + 1):match "^%w+" or ""]
  if not file or not file.fields or file.is_deleted then
    return answer(404, "not found")
  elseif not may_read(self, request) then
    return 302, { "Location", self.url .. "?redir=" .. form.escape(request.path) }, ""
  end
  return 200, { "Content-Type", file.fields.mimetype }, file.content
end

-- Who has the link may have the file, while it is shared.
local function give_public(self, request)
  local id, secret = request.path:sub(#PUBLIC_PATH + 1):match "^(%w+)%-(%w+)$"
  local file = id and self.files[id]
  if not file or not file.fields or file.is_deleted or not file.fields.public_url_shared
    or file.fields.permalink_public:sub(-#secret) ~= secret then
    return answer(404, "not found")
  end
  return 200, { "Content-Type", file.fields.mimetype }, file.content
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
  elseif request.path:sub(1, #PUBLIC_PATH) == PUBLIC_PATH then
    return give_public(self, request)
  end
end

return Uploads
