-- What the handler of a route returns, as an HTTP answer. Whatever would be no
-- answer, or would break out of a header, is refused with a word about it.

local form = require "slack.form"
local json = require "slack.json"
local near_miss = require "slack.near_miss"
local sorted_keys = require "slack.sorted_keys"

local TEXT = "text/plain; charset=utf-8"
-- The names under which a body may stand, with the type that it then has.
local BODIES = {
  text = TEXT, html = "text/html; charset=utf-8", json = "application/json",
  body = "application/octet-stream",
}
local FIELDS = {
  status = true, headers = true, redirect = true, cookies = true, text = true, html = true,
  json = true, body = true,
}
-- The server sees to these itself.
local SERVERS = {
  ["connection"] = true, ["content-length"] = true, ["date"] = true, ["keep-alive"] = true,
  ["transfer-encoding"] = true,
}
local TOKEN = "^[%w!#$%%&'*+%-.^_`|~]+$"
-- Control characters but for the tab.
local CONTROL = "[%z\1-\8\10-\31\127]"

local COOKIE_FIELDS = {
  name = "string", value = "string", max_age = "integer", path = "string", domain = "string",
  http_only = "boolean", secure = "boolean", same_site = "string",
}
local SAME_SITE = { lax = "Lax", strict = "Strict", none = "None" }

-- Raises within this file only: a problem in words.
local function refuse(text, ...)
  error({ problem = text:format(...) }, 0)
end

-- Headers -------------------------------------------------------------------------

local function add_header(list, name, value)
  if type(name) ~= "string" or not name:find(TOKEN) then
    refuse("headers: %q is no name of a header", tostring(name))
  elseif SERVERS[name:lower()] then
    refuse("headers: the server itself sends %s", name)
  end
  if math.type(value) == "integer" then
    value = tostring(value)
  end
  if type(value) ~= "string" then
    refuse("headers: %s: string expected, got %s", name, type(value))
  elseif value:find(CONTROL) then
    refuse("headers: %s: a control character stands in it", name)
  end
  list[#list + 1], list[#list + 2] = name, value
end

-- Sorted, so that the same answer is the same text.
local function add_headers(list, headers)
  if headers == nil then
    return
  elseif type(headers) ~= "table" then
    refuse("headers: table expected, got %s", type(headers))
  end
  for _, name in ipairs(sorted_keys(headers)) do
    local value = headers[name]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      add_header(list, name, one)
    end
  end
end

local function has_header(list, wanted)
  for i = 1, #list, 2 do
    if list[i]:lower() == wanted then
      return true
    end
  end
  return false
end

-- Cookies -------------------------------------------------------------------------

local function check_cookie(cookie)
  if type(cookie) ~= "table" then
    refuse("cookies: a list of tables expected, got %s in it", type(cookie))
  end
  for name, value in pairs(cookie) do
    local expected = COOKIE_FIELDS[name]
    local kind = expected == "integer" and math.type(value) or type(value)
    if not expected then
      refuse("cookies: unknown field %q%s", tostring(name), near_miss(name, COOKIE_FIELDS))
    elseif kind ~= expected and not (name == "same_site" and value == false) then
      refuse("cookies: %s: %s expected, got %s", name, expected, type(value))
    end
  end
  if not cookie.name or not cookie.name:find(TOKEN) then
    refuse("cookies: name: %q is none", tostring(cookie.name))
  end
  for _, name in ipairs { "path", "domain" } do
    if cookie[name] and cookie[name]:find "[;%c\128-\255]" then
      refuse("cookies: %s: %q cannot stand in a header", name, cookie[name])
    end
  end
end

-- Nothing of a cookie is for scripts in pages or other sites unless that is asked for.
local function cookie_text(cookie, is_secure)
  check_cookie(cookie)
  local parts = { cookie.name .. "=" .. form.escape(cookie.value or "") }
  local function add(text, ...)
    parts[#parts + 1] = text:format(...)
  end
  add("Path=%s", cookie.path or "/")
  if cookie.domain then
    add("Domain=%s", cookie.domain)
  end
  if cookie.max_age then
    add("Max-Age=%d", cookie.max_age)
  end
  if cookie.http_only ~= false then
    add "HttpOnly"
  end
  if cookie.secure or cookie.secure == nil and is_secure then
    add "Secure"
  end
  if cookie.same_site ~= false then
    local word = SAME_SITE[(cookie.same_site or "Lax"):lower()]
    if not word then
      refuse("cookies: same_site: %q is none of Lax, Strict and None", cookie.same_site)
    end
    add("SameSite=%s", word)
  end
  return table.concat(parts, "; ")
end

local function add_cookies(list, cookies, is_secure)
  if cookies == nil then
    return
  elseif type(cookies) ~= "table" or cookies[1] == nil and next(cookies) ~= nil then
    refuse "cookies: a list of tables expected"
  end
  for _, cookie in ipairs(cookies) do
    add_header(list, "Set-Cookie", cookie_text(cookie, is_secure))
  end
end

-- The whole -----------------------------------------------------------------------

-- The name of the one under which the body stands.
local function check_fields(value)
  for name in pairs(value) do
    if not FIELDS[name] then
      refuse("unknown field %q%s", tostring(name), near_miss(name, FIELDS))
    end
  end
  local found
  for _, name in ipairs { "text", "html", "json", "body" } do
    if value[name] ~= nil then
      if found then
        refuse("%s and %s: an answer has one body", found, name)
      end
      found = name
    end
  end
  return found
end

local function read_status(value, has_body)
  local status = value.status
  if status == nil then
    return value.redirect and 302 or has_body and 200 or 204
  elseif math.type(status) ~= "integer" or status < 200 or status > 599 then
    refuse("status: an integer from 200 to 599 expected, got %s",
      type(status) == "string" and ("the string %q"):format(status) or tostring(status))
  elseif has_body and (status == 204 or status == 304) then
    refuse("status: an answer with %d has no body", status)
  end
  return status
end

local function read_body(value, name)
  if not name then
    return ""
  elseif name == "json" then
    local text, problem = json.encode(value.json)
    if not text then
      refuse("json: %s", problem)
    end
    return text
  elseif type(value[name]) ~= "string" then
    refuse("%s: string expected, got %s", name, type(value[name]))
  end
  return value[name]
end

local function add_redirect(list, url)
  if url == nil then
    return
  elseif type(url) ~= "string" or url == "" then
    refuse("redirect: a URL expected, got %s", type(url))
  end
  add_header(list, "Location", form.escape(url, "[ \"<>\\^`{|}\128-\255]"))
end

local function read_table(value, is_secure)
  local name, headers = check_fields(value), {}
  local status, body = read_status(value, name ~= nil), read_body(value, name)
  add_headers(headers, value.headers)
  add_redirect(headers, value.redirect)
  add_cookies(headers, value.cookies, is_secure)
  if name and not has_header(headers, "content-type") then
    add_header(headers, "Content-Type", BODIES[name])
  end
  return status, headers, body
end

---What the handler of a route may return, besides text and nothing (204).
---@class slack.RouteResponse
---@field status? integer 200, 302 of a redirect, 204 without a body
---@field headers? table<string, string|integer|(string|integer)[]>
---@field text? string as text/plain
---@field html? string as text/html; escape what comes from outside
---@field json? any as application/json
---@field body? string as application/octet-stream, unless headers say otherwise
---@field redirect? string URL
---@field cookies? slack.Cookie[]

---@class slack.Cookie
---@field name string
---@field value? string encoded here and decoded in c.cookies
---@field max_age? integer seconds; 0 removes it; without it: until the browser is closed
---@field path? string "/"
---@field domain? string
---@field http_only? boolean true
---@field secure? boolean whether the server itself speaks TLS
---@field same_site? "Lax"|"Strict"|"None"|false "Lax"

local M = {}

---The answer for what a handler returned.
---@param value any
---@param is_secure boolean whether the server itself speaks TLS
---@return integer? status
---@return string[]|string headers alternating names and values; or what is wrong with the value
---@return string? body
function M.read(value, is_secure)
  if value == nil then
    return 204, {}, ""
  elseif type(value) == "string" then
    return 200, { "Content-Type", TEXT }, value
  elseif type(value) ~= "table" then
    return nil, ("text or a table expected, got %s"):format(type(value))
  end
  local ok, status, headers, body = pcall(read_table, value, is_secure)
  if ok then
    return status, headers, body
  elseif type(status) == "table" and status.problem then
    return nil, status.problem
  end
  return nil, tostring(status)
end

return M
