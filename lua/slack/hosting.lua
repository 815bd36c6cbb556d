-- Who runs a program's app in place of the program: a command, a test. App:run asks here.

-- Stand in for tokens that are missing where nothing connects.
local PLACEHOLDERS = {
  token = "xoxb-offline", app_token = "xapp-offline", signing_secret = "offline",
  client_id = "offline", client_secret = "offline",
}

local M = {}

local host, on_start, is_offline, made = nil, nil, false, 0

---@class slack.HostingOptions
---@field offline? boolean apps that are made need no tokens, as they will not connect
---@field on_start? fun(app: slack.App) called when an app starts, by app:run or by the program

---From now on fn(app, run) is called in place of app:run(), and its results are those of
---app:run(); run() is the app's own run. nil: the program runs its apps itself again.
---@param fn? fun(app: slack.App, run: fun(): true?, slack.Error?): any
---@param options? slack.HostingOptions
function M.take_over(fn, options)
  options = options or {}
  host, on_start, is_offline, made = fn, options.on_start, options.offline == true, 0
end

---@return fun(app: slack.App, run: function)? host
function M.current()
  return host
end

---An app starts.
---@param app slack.App
function M.starts(app)
  if on_start then
    on_start(app)
  end
end

---An app has been made.
function M.makes()
  made = made + 1
end

---How many apps the program has made so far.
---@return integer
function M.made()
  return made
end

---What to take for an option that is missing; nil: there is nobody who would do without.
---@param name string
---@return string?
function M.placeholder(name)
  return is_offline and PLACEHOLDERS[name] or nil
end

---Whether a value stands in for an option that is missing.
---@param name string
---@param value any
---@return boolean
function M.is_placeholder(name, value)
  return value ~= nil and PLACEHOLDERS[name] == value
end

return M
