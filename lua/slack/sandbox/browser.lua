-- A browser for pages of an app and of the local Slack: follows redirects, keeps
-- cookies as browsers do (RFC 6265), sends forms.

local form = require "slack.form"
local http = require "slack.http"
local loop = require "slack.loop"

local MAX_REDIRECTS = 10
local TIMEOUT = 10

---A page as it was found in the end.
---@class slack.sandbox.Page
---@field url string
---@field status integer
---@field headers table<string, string>
---@field body string
---@field redirect string? where a redirect points to that is not followed
---@field hops { url: string, status: integer }[] what led to it, the page included

---@class slack.sandbox.Browser
---@field cookies slack.sandbox.Cookie[]
local Browser = {}
Browser.__index = Browser
Browser.__name = "slack.sandbox.browser"

---@class slack.sandbox.Cookie
---@field name string
---@field value string
---@field host string
---@field path string
---@field until_time number?
---@field attributes table<string, string|true> as they were set, lower-case names

---@param options? { ca_file: fun(url: string): string? }
---@return slack.sandbox.Browser
function Browser.new(options)
  return setmetatable({ cookies = {}, ca_file = options and options.ca_file or function() end },
    Browser)
end

local function parse_url(url)
  local scheme, authority, path = url:match "^(https?)://([^/?#]+)([^?#]*)"
  if scheme then
    return scheme, authority:gsub(":%d+$", ""), path == "" and "/" or path, authority
  end
end

local function is_secure(scheme, host)
  return scheme == "https" or host == "localhost" or host == "127.0.0.1" or host == "[::1]"
end

-- Cookies --------------------------------------------------------------------------

local function matches_path(path, start)
  return path == start or path:sub(1, #start) == start
    and (start:sub(-1) == "/" or path:sub(#start + 1, #start + 1) == "/")
end

local function is_live(cookie)
  return not cookie.until_time or cookie.until_time > loop.now()
end

-- One with SameSite=Strict stays at home when another site leads here.
local function cookie_header(self, url, from)
  local scheme, host, path, authority = parse_url(url)
  local is_foreign = from and select(4, parse_url(from)) ~= authority
  local parts = {}
  for _, cookie in ipairs(self.cookies) do
    if cookie.host == host and matches_path(path, cookie.path) and is_live(cookie)
      and not (cookie.attributes.secure and not is_secure(scheme, host))
      and not (is_foreign and (cookie.attributes.samesite or ""):lower() == "strict") then
      table.insert(parts, cookie.name .. "=" .. cookie.value)
    end
  end
  return #parts > 0 and table.concat(parts, "; ") or nil
end

local function remove_cookie(self, name, host, path)
  for i, cookie in ipairs(self.cookies) do
    if cookie.name == name and cookie.host == host and cookie.path == path then
      table.remove(self.cookies, i)
      return
    end
  end
end

local function set_cookie(self, url, line)
  local scheme, host, path = parse_url(url)
  local name, value, rest = line:match "^%s*([^=;]+)=([^;]*)(.*)$"
  if not name then
    return
  end
  local attributes = {}
  for key, item in rest:gmatch ";%s*([^=;]+)=?([^;]*)" do
    attributes[key:lower()] = item ~= "" and item or true
  end
  if attributes.secure and not is_secure(scheme, host)
    or name:find "^__Host%-" and not (attributes.secure and attributes.path == "/"
      and not attributes.domain) then
    return
  end
  local cookie = {
    name = name, value = value, host = host, attributes = attributes,
    path = attributes.path or path:match "^(/.*)/" or "/",
  }
  local life = tonumber(attributes["max-age"])
  remove_cookie(self, name, host, cookie.path)
  if life and life <= 0 then
    return
  end
  cookie.until_time = life and loop.now() + life
  table.insert(self.cookies, cookie)
end

---The cookie of that name, whatever its host.
---@param name string
---@return slack.sandbox.Cookie?
function Browser:cookie(name)
  for _, cookie in ipairs(self.cookies) do
    if cookie.name == name and is_live(cookie) then
      return cookie
    end
  end
end

-- Pages ----------------------------------------------------------------------------

local function ask(self, method, url, body, from)
  local headers = { "Accept", "text/html", "User-Agent", "Mozilla/5.0 (local Slack)" }
  local function add(name, value)
    if value then
      table.insert(headers, name)
      table.insert(headers, value)
    end
  end
  add("Cookie", cookie_header(self, url, from))
  add("Content-Type", body and "application/x-www-form-urlencoded")
  local net, err = http.net { ca_file = self.ca_file(url), proxy = "" }
  if not net then
    return nil, err
  end
  local response, failure = http.request {
    method = method, url = url, headers = headers, body = body, net = net, timeout = TIMEOUT,
  }
  if not response then
    return nil, failure
  end
  for line in response.header_lines:gmatch "[^\r\n]+" do
    local value = line:match "^[Ss][Ee][Tt]%-[Cc][Oo][Oo][Kk][Ii][Ee]:%s*(.*)$"
    if value then
      set_cookie(self, url, value)
    end
  end
  return response
end

local function is_web(url)
  return url ~= nil and url:find "^https?://" ~= nil
end

-- libcurl writes URLs of other schemes anew, so those are taken as they came.
local function new_page(response, url, hops)
  return {
    url = url, status = response.status, headers = response.headers, body = response.body,
    redirect = is_web(response.redirect) and response.redirect or response.headers.location,
    hops = hops,
  }
end

-- Goes on until there is a page, or a redirect to what no browser opens by itself
-- (slack://…), or to where `stop_at` says.
local function navigate(self, method, url, body, stop_at)
  local hops, from = {}, self.page and self.page.url
  for _ = 0, MAX_REDIRECTS do
    local response, err = ask(self, method, url, body, from)
    if not response then
      return nil, err
    end
    table.insert(hops, { url = url, status = response.status })
    local to = response.redirect
    if not is_web(to) or stop_at and to:find(stop_at, 1, true) then
      self.page = new_page(response, url, hops)
      return self.page
    end
    if response.status ~= 307 and response.status ~= 308 then
      method, body = "GET", nil
    end
    from, url = url, to
  end
  return nil, "too many redirects"
end

---Opens a page.
---@async
---@param url string
---@param stop_at? string a redirect to a URL with this text in it is not followed
---@return slack.sandbox.Page? page
---@return slack.Error|string? err
function Browser:open(url, stop_at)
  return navigate(self, "GET", url, nil, stop_at)
end

---Sends a form.
---@async
---@param url string
---@param fields table<string, string>
---@param stop_at? string a redirect to a URL with this text in it is not followed
---@return slack.sandbox.Page? page
---@return slack.Error|string? err
function Browser:send(url, fields, stop_at)
  return navigate(self, "POST", url, form.encode(fields), stop_at)
end

local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', ["#39"] = "'", ["#x27"] = "'" }

---Text of HTML with its entities replaced.
---@param text string
---@return string
function Browser.unescape(text)
  return (text:gsub("&(#?%w+);", ENTITIES))
end

---The first link of the page whose URL has the text in it.
---@param text string
---@return string? url absolute
function Browser:link(text)
  for _, quoted in self.page.body:gmatch "href=([\"'])(.-)%1" do
    local url = Browser.unescape(quoted)
    if url:find(text, 1, true) then
      return self:absolute(url)
    end
  end
end

---The URL as seen from the page.
---@param url string
---@return string
function Browser:absolute(url)
  if url:find "^%a[%w+.-]*:" then
    return url
  end
  local origin = self.page.url:match "^https?://[^/?#]+"
  return url:sub(1, 1) == "/" and origin .. url or origin .. "/" .. url
end

---The value of a hidden field of the page.
---@param name string
---@return string?
function Browser:hidden(name)
  local value = self.page.body:match(('name="%s" value="([^"]*)"'):format(name))
  return value and Browser.unescape(value)
end

return Browser
