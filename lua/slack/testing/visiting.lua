-- What browsers and other programs do at the app's HTTP side.

local acting = require "slack.testing.acting"
local form = require "slack.form"
local json = require "slack.json"
local headers = require "slack.headers"

local REQUEST = {
  headers = "table", query = "table", body = "string", json = "any", form = "table",
}

---@class slack.Test
local M = {}

local function server_of(t, name)
  return t.server or acting.refuse("t:%s: the app has no HTTP side: give it the option http", name)
end

local function body_of(options)
  if options.json ~= nil then
    return assert(json.encode(options.json)), "application/json"
  elseif options.form then
    return form.encode(options.form), "application/x-www-form-urlencoded"
  end
  return options.body
end

local function header_list(given, content_type)
  local list = content_type and { "Content-Type", content_type } or {}
  for name, value in pairs(given or {}) do
    list[#list + 1], list[#list + 2] = name, tostring(value)
  end
  return list
end

-- The answer as a response of slack.fetch is.
local function read_response(told)
  local lines = {}
  for i = 1, #told.headers, 2 do
    lines[#lines + 1] = ("%s: %s\r\n"):format(told.headers[i], told.headers[i + 1])
  end
  return {
    status = told.status, headers = headers.parse(table.concat(lines)), body = told.body,
    json = json.decode(told.body),
  }
end

---Somebody asks for a path of the app's own (app:route).
---@param method string "GET"
---@param path string
---@param options? { headers: table?, query: table?, body: string?, json: any, form: table?,
---  fails: boolean|string|nil }
---@return slack.testing.Result with response: status, headers, body, and json if it is some
function M:request(method, path, options)
  acting.check_text("request", method)
  acting.check_text("request", path)
  local who
  who, options = acting.read(self, "request", options, REQUEST)
  local server = server_of(self, "request")
  local body, content_type = body_of(options)
  local query = options.query and "?" .. form.encode(options.query) or ""
  local result = self:_act(method .. " " .. path, who, function(result)
    result.response = read_response(server:ask {
      method = method, target = path .. query, body = body,
      headers = header_list(options.headers, content_type),
    })
    result.acked = true
  end)
  return result
end

---Somebody installs an app that has the option oauth, with a browser.
---@param options? slack.testing.Where|{ deny: boolean? } deny: they cancel
---@return slack.testing.Result with page: where it ended; and installed
function M:install(options)
  local who
  who, options = acting.read(self, "install", options, { deny = "boolean" })
  server_of(self, "install")
  if not self.app.oauth then
    acting.refuse "t:install: the app has no option oauth"
  end
  local result = self:_act(acting.describe(who, "installs the app"), who, function(result)
    local page, err = self.slack:install {
      install_url = self.app.oauth:install_url(self.app.http_server:url()), user = who.user.id,
      deny = options.deny,
    }
    if not page then
      acting.refuse("t:install: %s", tostring(err))
    end
    result.page, result.installed = page, self.slack:installation() ~= nil
  end)
  return result
end

---Somebody takes the app away: its tokens die, and it hears of that.
---@return slack.testing.Result
function M:uninstall()
  local who = acting.read(self, "uninstall")
  local result = self:_act(acting.describe(who, "removes the app"), who, function(result)
    self.slack:uninstall()
    result.acked = true
  end)
  return result
end

return M
