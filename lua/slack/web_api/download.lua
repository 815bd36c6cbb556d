-- Downloads a file of Slack's. Its URL wants the token, which goes to Slack's hosts only and
-- over no redirect to another one; a token that may not read the file gets the page to sign
-- in, with a status that looks like success.

local answers = require "slack.web_api.answer"
local attempts = require "slack.web_api.attempts"
local checks = require "slack.option_checks"
local client_options = require "slack.web_api.options"
local errors = require "slack.errors"
local http = require "slack.http"
local merged = require "slack.merged"
local retry = require "slack.retry"
local roots = require "slack.web_api.roots"

local MAX_REDIRECTS = 5
-- Where a file of Slack's may be, besides the host of api_url.
local HOSTS = { "slack.com", "slack-gov.com", "slack-files.com" }

local OPTIONS = merged(client_options.CALL_OPTIONS, {
  max_bytes = { check = checks.integer_from(1) }, progress = { check = checks.of_type "function" },
})
OPTIONS.body = nil

---@class slack.DownloadOptions: slack.CallOptions
---@field max_bytes? integer more is refused; 64 MiB in memory, else no bound
---@field progress? fun(received: integer, total: integer?) bytes

---@class slack.web_api.Download: slack.web_api.Repeated
---@field client slack.Client
---@field url string
---@field file? table what Slack says of it
---@field to? string|function|file*
---@field options slack.DownloadOptions
---@field refusal? slack.Error why its body is not wanted
local Download = {}
Download.__index = Download
Download.__name = "slack.web_api.download"

local M = {}

local failure = errors.of "client:download"

-- Hosts ----------------------------------------------------------------------------

-- Scheme with host and port; nil for all that another parser might read otherwise.
local function origin_of(url)
  local scheme, authority = url:match "^(%a+)://([%w.:%[%]-]+)"
  local behind = scheme and url:sub(#scheme + #authority + 4, #scheme + #authority + 4)
  if not scheme or (behind ~= "" and not behind:find "[/?#]") then
    return nil
  end
  return (scheme .. "://" .. authority):lower()
end

local function is_slacks(self, url)
  local origin = origin_of(url)
  if not origin then
    return false
  elseif origin == roots.origin(self.client._options.api_url):lower() then
    return true
  end
  local given = origin:match "^https://([^:]+)$"
  for _, name in ipairs(HOSTS) do
    if given == name or given and given:sub(-#name - 1) == "." .. name then
      return true
    end
  end
  return false
end

-- Pages instead of files -----------------------------------------------------------

local function no_access(response)
  return failure("no_access", "Slack shows its page to sign in instead of the file: the token "
    .. "lacks the scope files:read, was revoked, or may not see this file",
    { status = response.status, needed = "files:read" })
end

local function is_sign_in(url)
  local path = url:match "^%a+://[^/?#]*([^?#]*)" or ""
  return url:find "[?&]redir=" ~= nil or path == "" or path == "/" or path:find "^/signin" ~= nil
    or path:find "^/sso" ~= nil or path:find "^/login" ~= nil
end

local function is_html(file, url)
  return file and (file.mimetype == "text/html" or file.filetype == "html")
    or url:match("^[^?#]*"):find "%.html?$" ~= nil
end

-- A page where the file is none.
local function is_page(self, response)
  local headers = response.headers
  local kind = (headers["content-type"] or ""):lower():match "^%s*([^;%s]*)"
  return kind == "text/html" and not (headers["content-disposition"] or ""):find "^attachment"
    and not is_html(self.file, response.url)
end

-- One request ----------------------------------------------------------------------

local function headers_for(self, is_trusted)
  local client = self.client
  return is_trusted and client:_headers_of(self.token) or { "user-agent", client._user_agent }
end

local function sink_of(to)
  if type(to) == "string" then
    return { file = to }
  elseif io.type(to) then
    return function(bytes) return to:write(bytes) end
  end
  return to
end

-- Looks at an answer before its body: false when it is not wanted.
local function on_head(self, response)
  if response.ok and is_page(self, response) then
    self.refusal = no_access(response)
    return false
  end
end

local function request(self, url, is_trusted)
  local options, progress = self.options, self.options.progress
  self.request = self.client:_new_transfer({
    url = url, headers = headers_for(self, is_trusted),
    sink = sink_of(self.to), max_response = options.max_bytes,
    on_head = function(response) return on_head(self, response) end,
    progress_name = "progress",
    on_progress = progress and function(_, _, received, expected)
      progress(received, expected)
    end,
  }, options.timeout)
  return http.request(self.request)
end

-- What a redirect leads to; the token stays behind when that is another server.
local function follow(self, response, is_trusted)
  local target = response.redirect
  if not target or target == "" then
    return nil, failure("redirect", ("status %d without a place to go on to")
      :format(response.status), { status = response.status })
  elseif is_slacks(self, target) and is_sign_in(target) then
    return nil, no_access(response)
  elseif target:lower():find "^http:" and response.url:lower():find "^https:" then
    return nil, failure("redirect", "the server redirects from https to plain text",
      { status = response.status })
  end
  return target, is_trusted and origin_of(target) == origin_of(response.url)
end

local function is_redirect(response)
  return response.status >= 300 and response.status < 400 and response.status ~= 304
end

local REASONS = {
  [404] = "there is no such file, or it was deleted", [410] = "the file was deleted",
  [401] = "the token may not read it", [403] = "the token may not read it",
}

local function refused(response)
  local status = response.status
  return retry.with_pause(failure(status == 429 and "ratelimited" or "download_failed",
    ("status %d: %s"):format(status, REASONS[status] or answers.excerpt(response.body)),
    { status = status }), response)
end

local function read(self, response)
  if not response.ok then
    return nil, refused(response)
  elseif self.to == nil then
    return { response.body }
  end
  return { response.received }
end

local function failed(self, err)
  if err.code == "refused" and self.refusal then
    return self.refusal
  end
  return failure(err.code, err.message, { cause = err.cause, traceback = err.traceback })
end

local function attempt(_, self)
  local url, is_trusted = self.url, true
  for _ = 0, MAX_REDIRECTS do
    local response, err = request(self, url, is_trusted)
    if not response then
      return nil, failed(self, err)
    elseif not is_redirect(response) then
      return read(self, response)
    end
    url, is_trusted = follow(self, response, is_trusted)
    if not url then
      return nil, is_trusted
    end
  end
  return nil, failure("redirect", ("more than %d redirects"):format(MAX_REDIRECTS))
end

-- What is asked --------------------------------------------------------------------

local function url_of(file)
  local url = file.url_private_download
  url = type(url) == "string" and url or file.url_private
  return type(url) == "string" and url or nil
end

local function check_source(what)
  local id = type(what) == "table" and what.id
  if type(what) == "table" and (url_of(what) or type(id) == "string") then
    return nil
  elseif type(what) == "string" and (what:find "^https?://" or what:find "^F%w+$") then
    return nil
  end
  return "url_private, a file, or its id expected, got "
    .. (type(what) == "string" and "another text" or type(what))
end

local function check_target(to)
  if to == nil or type(to) == "function" or io.type(to) == "file" then
    return nil
  elseif type(to) == "string" then
    return to == "" and "the path is empty" or nil
  end
  return "a path, a function, an open file or nil expected, got " .. (io.type(to) or type(to))
end

local function check_options(options)
  return options ~= nil and checks.argument(options, OPTIONS) or nil
end

---What is wrong with what is asked, or nil.
---@return string?
function M.problem(what, to, options)
  return check_source(what) or check_target(to) or check_options(options)
end

-- A file of a shared channel comes without its URL, and an id has none.
local function find_url(client, what, options)
  local file = type(what) == "table" and what or nil
  local url = file and url_of(file) or type(what) == "string" and what:find "://" and what
  if url then
    return url, file
  end
  local answer, err = client:call("files.info", { file = file and file.id or what }, {
    token = options.token, timeout = options.timeout, retries = options.retries,
    max_wait = options.max_wait,
  })
  if not answer then
    return nil, err
  end
  file = type(answer.file) == "table" and answer.file or {}
  url = url_of(file)
  if not url then
    return nil, failure("no_url", "Slack gives no URL of the file: it was deleted or is hidden")
  end
  return url, file
end

---@async
---@param client slack.Client
---@param what string|table
---@param to? string|function|file*
---@param options? slack.DownloadOptions
---@return string|integer? the bytes; how many there were when they went elsewhere
---@return slack.Error? err
function M.run(client, what, to, options)
  options = options or {}
  local url, file = find_url(client, what, options)
  if not url then
    return nil, file
  end
  local settings = client._options
  local self = setmetatable({
    client = client, url = url, file = file, to = to, options = options,
    token = options.token or settings.token,
    name = "client:download", workspace = "", is_repeatable = true,
    retries = retry.policy(options.retries, settings.retry_policy),
    max_wait = options.max_wait or settings.max_wait, waited = 0,
  }, Download)
  if not self.token then
    return nil, failure("not_authed", "there is no token: give the option \"token\"")
  elseif not is_slacks(self, url) then
    return nil, failure("foreign_url", "the URL is none of Slack's, so it does not get the token: "
      .. "slack.fetch reads files of other servers")
  end
  local result, err = attempts.run(client._transfers, self, attempt)
  return result and result[1], err
end

return M
