-- Who runs a program's app in place of the program: a command, a test. App:run asks here.

-- Stand in for tokens that are missing where nothing connects.
local PLACEHOLDERS = {
  token = "xoxb-offline", app_token = "xapp-offline", signing_secret = "offline",
}

local M = {}

local host, is_offline = nil, false

---From now on fn(app, run) is called in place of app:run(), and its results are those of
---app:run(); run() is the app's own run. nil: the program runs its apps itself again.
---@param fn? fun(app: slack.App, run: fun(): true?, slack.Error?): any
---@param options? { offline: boolean? } offline: apps that are made need no tokens, as they
---  will not connect
function M.take_over(fn, options)
  host, is_offline = fn, fn ~= nil and options ~= nil and options.offline == true
end

---@return fun(app: slack.App, run: function)? host
function M.current()
  return host
end

---What to take for an option that is missing; nil: there is nobody who would do without.
---@param name string
---@return string?
function M.placeholder(name)
  return is_offline and PLACEHOLDERS[name] or nil
end

return M
