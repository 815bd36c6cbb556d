-- What the page's server answers to HTTP requests: its files, the files that people
-- have shared, and tickets for WebSockets. Everything lies below a path that nobody can
-- guess, and nobody from elsewhere may ask.

local assets = require "slack.sandbox.page.assets"
local core = require "slack.core"
local form = require "slack.form"
local json = require "slack.json"

---@class slack.sandbox.PageServing
---@field port integer
---@field websocket_port integer
---@field secret string
---@field find_file fun(id: string): slack.sandbox.File?
---@field new_ticket fun(wishes: table): string target of a WebSocket
local Serving = {}
Serving.__index = Serving
Serving.__name = "slack.sandbox.page_serving"

-- %d: the WebSocket's port.
local POLICY <const> = table.concat({
  "default-src 'self'",
  "img-src 'self' data: https:",
  "connect-src 'self' ws://127.0.0.1:%d ws://localhost:%d",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
}, "; ")

-- What people have shared must not run as a part of the page.
local FILE_POLICY <const> = "default-src 'none'; sandbox"

-- Which files a browser may show by itself.
local IMAGES = {
  gif = "image/gif", jpeg = "image/jpeg", jpg = "image/jpeg", png = "image/png",
  webp = "image/webp",
}

---@param settings slack.sandbox.PageServing
---@return slack.sandbox.PageServing
function Serving.new(settings)
  return setmetatable(settings, Serving)
end

local function headers_of(media_type, policy, ...)
  return {
    "Content-Type", media_type,
    "Content-Security-Policy", policy,
    "Cache-Control", "no-store",
    "Referrer-Policy", "no-referrer",
    "X-Content-Type-Options", "nosniff",
    "X-Frame-Options", "DENY",
    "Cross-Origin-Resource-Policy", "same-origin",
    "Cross-Origin-Opener-Policy", "same-origin",
    ...
  }
end

local function plain(self, status, text, ...)
  return status, headers_of("text/plain; charset=utf-8", self:policy(), ...), text .. "\n"
end

function Serving:policy()
  return POLICY:format(self.websocket_port, self.websocket_port)
end

-- The host of a URL of this server, nil when it is another's.
local function own_host(self, authority)
  local host, port = (authority or ""):lower():match "^([%w.]+):(%d+)$"
  local is_own = (host == "127.0.0.1" or host == "localhost") and tonumber(port) == self.port
  return is_own and host or nil
end

-- A page elsewhere whose name leads here (DNS rebinding) has its own name in Host; one
-- that merely sends requests has it in Origin.
local function foreign(self, request)
  local origin = request.headers.origin
  if not own_host(self, request.headers.host) then
    return "this page is served to http://127.0.0.1 and http://localhost alone"
  elseif origin and not own_host(self, origin:match "^http://(.*)$") then
    return "this page is not for other pages"
  end
end

-- What stands behind "/SECRET"; nil when it is not the secret.
local function below_secret(self, path)
  local secret, rest = path:match "^/(%w+)(.*)$"
  if secret and #secret == #self.secret and core.is_equal(secret, self.secret) then
    return rest
  end
end

local function give_asset(self, path)
  local content, media_type = assets.read(path)
  if not content then
    return plain(self, 404, "not found")
  end
  return 200, headers_of(media_type, self:policy()), content
end

local function give_file(self, path)
  local file = self.find_file(path:match "^%w+" or "")
  if not file or not file.content then
    return plain(self, 404, "not found")
  end
  local ending = (file.filename:match "%.(%w+)$" or ""):lower()
  local disposition = ("%s; filename*=UTF-8''%s"):format(
    IMAGES[ending] and "inline" or "attachment", form.escape(file.filename))
  return 200, headers_of(IMAGES[ending] or "application/octet-stream", FILE_POLICY,
    "Content-Disposition", disposition), file.content
end

-- A URL for one WebSocket.
local function give_ticket(self, request)
  local wishes = json.decode(request.body == "" and "{}" or request.body)
  if type(wishes) ~= "table" then
    return plain(self, 400, "a JSON object expected")
  end
  local url = ("ws://%s:%d%s"):format(own_host(self, request.headers.host), self.websocket_port,
    self.new_ticket(wishes))
  return 200, headers_of("application/json", self:policy()), assert(json.encode { url = url })
end

---Answers one request.
---@param request slack.sandbox.Request
---@return integer status, string[] headers, string body
function Serving:answer(request)
  local refusal = foreign(self, request)
  if refusal then
    return plain(self, 403, refusal)
  end
  local path = below_secret(self, request.path)
  if not path then
    return plain(self, 404, "not found: open the address with the secret in it")
  elseif path == "/live" then
    if request.method ~= "POST" then
      return plain(self, 405, "POST is taken here", "Allow", "POST")
    end
    return give_ticket(self, request)
  elseif request.method ~= "GET" and request.method ~= "HEAD" then
    return plain(self, 405, "GET and HEAD are taken here", "Allow", "GET, HEAD")
  elseif path == "" then -- what the page loads is named beside its own address
    return plain(self, 301, "one slash more", "Location", request.path .. "/")
  elseif path:find "^/files/" then
    return give_file(self, path:sub(8))
  end
  return give_asset(self, path == "/" and "index.html" or path:sub(2))
end

return Serving
