-- Uploads files in Slack's three steps (protocol §14): a URL for each, the bytes to that
-- URL, and the word that they are complete and where to show them.

local answers = require "slack.web_api.answer"
local attempts = require "slack.web_api.attempts"
local client_options = require "slack.web_api.options"
local errors = require "slack.errors"
local fields = require "slack.web_api.upload_fields"
local http = require "slack.http"
local retry = require "slack.retry"
local Source = require "slack.web_api.upload_source"
local tasks = require "slack.tasks"

-- Files of one message that are sent side by side.
local AT_ONCE = 3

---@class slack.web_api.Uploading
---@field client slack.Client
---@field options slack.CallOptions of each call
---@field progress? fun(sent: integer, total: integer)
---@field total integer bytes of all files
---@field sent table<slack.web_api.UploadSource, integer> bytes of each
---@field told integer the most that the program was told
local Uploading = {}
Uploading.__index = Uploading
Uploading.__name = "slack.web_api.uploading"

local M = {}

local failure = errors.of "client:upload"

-- The bytes ------------------------------------------------------------------------

-- Never goes back, though a file that did not arrive is sent again.
function Uploading:tell(source, sent)
  self.sent[source] = sent
  local sum = 0
  for _, bytes in pairs(self.sent) do
    sum = sum + bytes
  end
  if sum > self.told then
    self.told = sum
    self.progress(sum, self.total)
  end
end

local function refusal(source, response)
  return retry.with_pause(failure(response.status == 429 and "ratelimited" or "upload_failed",
    ("Slack did not take the bytes of %q: status %d: %s"):format(source.name, response.status,
      answers.excerpt(response.body)), { status = response.status }), response)
end

local function changed(source)
  return failure("file_changed",
    ("%q was changed while it was sent: upload it again"):format(source.path))
end

local function request_for(self, url, source)
  local client = self.client
  return client:_new_transfer({
    method = "POST", url = url, body = source:body(), length = source:given_length(),
    headers = { "Content-Type", "application/octet-stream", "User-Agent", client._user_agent },
    on_progress = self.progress and function(sent) self:tell(source, sent) end,
    progress_name = "progress",
  }, self.options.timeout)
end

-- Without the path of the URL, which is a secret.
local function reason_of(err, url)
  local path = url:match "^%a+://[^/]*(/[^?#]+)"
  local from, to = err.message:find(path or url, 1, true)
  if not from or from > to then
    return err.message
  end
  return err.message:sub(1, from - 1) .. "/***" .. err.message:sub(to + 1)
end

-- The URL is a secret, so nothing tells it; what stands behind it takes no token.
local function send_bytes(self, url, source, sending)
  local request = request_for(self, url, source)
  sending.request = request
  local response, err = http.request(request)
  if source:has_changed() then
    return nil, changed(source)
  elseif not response then
    return nil, failure(err.code, ("the bytes of %q could not be sent: %s"):format(source.name,
      reason_of(err, url)), { cause = err.cause, traceback = err.traceback })
  elseif not response.ok then
    return nil, refusal(source, response)
  end
  return true
end

---@class slack.web_api.Sending: slack.web_api.Repeated
---@field uploading slack.web_api.Uploading
---@field source slack.web_api.UploadSource
---@field file slack.UploadFile

-- A URL works once: bytes that did not arrive go to a new one. The method that gives it has
-- been repeated already, so its failure is as final as success.
local function attempt(_, sending)
  local self, source, file = sending.uploading, sending.source, sending.file
  local place, err = self.client:call("files.getUploadURLExternal", {
    filename = source.name, length = source.length, alt_txt = file.alt_txt,
    snippet_type = file.snippet_type,
  }, self.options)
  if not place then
    return { err = err }
  elseif type(place.upload_url) ~= "string" or type(place.file_id) ~= "string" then
    return { err = failure("invalid_response", "files.getUploadURLExternal gave no URL") }
  end
  local ok
  ok, err = send_bytes(self, place.upload_url, source, sending)
  return ok and { id = place.file_id }, err
end

function Uploading:send(source, file)
  local options, settings = self.options, self.client._options
  local result, err = attempts.run(self.client._transfers, {
    uploading = self, name = "client:upload", workspace = "", is_repeatable = true,
    retries = retry.policy(options.retries, settings.retry_policy),
    max_wait = options.max_wait or settings.max_wait, waited = 0, source = source, file = file,
  }, attempt)
  if result then
    return result.id, result.err
  end
  return nil, err
end

-- Posts ----------------------------------------------------------------------------

-- Sends one file after the other, beside others who do the same.
local function worker(self, post, sent, state)
  while state.next <= #post do
    local i = state.next
    state.next = i + 1
    local source, file = self.sources[post[i]], self.files[post[i]]
    local id, err = self:send(source, file)
    if not id then
      state.culprit = state.culprit or source
      return nil, err
    end
    sent[i] = { id = id, title = file.title or source.name }
  end
  return true
end

-- The first that fails ends the others.
local function send_all(self, post)
  local sent, state = {}, { next = 1 }
  local function work()
    return worker(self, post, sent, state)
  end
  local workers = {}
  for i = 1, math.min(AT_ONCE, #post) do
    workers[i] = work
  end
  local ok, err
  if #workers == 1 then
    ok, err = work()
  else
    ok, err = tasks.all(workers)
  end
  if not ok then
    return nil, err, state.culprit
  end
  return sent
end

local function complete(self, sent, place)
  local channel = place.channel
  local answer, err = self.client:call("files.completeUploadExternal", {
    files = sent, channel_id = type(channel) == "string" and channel or nil,
    channels = type(channel) == "table" and table.concat(channel, ",") or nil,
    thread_ts = place.thread_ts, initial_comment = place.initial_comment, blocks = place.blocks,
  }, self.options)
  if not answer then
    return nil, err
  elseif type(answer.files) ~= "table" or type(answer.files[1]) ~= "table" then
    return nil, failure("invalid_response", "files.completeUploadExternal gave no file")
  end
  return answer.files
end

-- Slack gives the files of an answer in the order in which they were named.
local function note_shown(self, post, shown)
  for i, number in ipairs(post) do
    self.shown[number] = shown[i]
  end
end

-- All files of a post or none: half a post would be there twice when it is made again.
function Uploading:post(post)
  local sent, err, culprit = send_all(self, post)
  local shown
  if sent then
    shown, err = complete(self, sent, post.place)
  end
  if shown then
    note_shown(self, post, shown)
    return
  end
  for _, number in ipairs(post) do
    self.errors[number] = err
  end
  self.first_error = self.first_error or err
  self.culprit = self.culprit or culprit
end

-- The outcome ----------------------------------------------------------------------

local function partial_failure(self)
  local err, uploaded, failed = self.first_error, {}, {}
  for i, source in ipairs(self.sources) do
    local shown = self.shown[i]
    if shown then
      table.insert(uploaded, { id = shown.id, title = shown.title, filename = source.name })
    else
      table.insert(failed, { filename = source.name, error = self.errors[i] or err })
    end
  end
  local culprit = self.culprit and ("%q: "):format(self.culprit.name) or ""
  return failure(err.code, ("%d of %d files were not uploaded: %s%s"):format(#failed,
    #self.sources, culprit, (err.message:gsub("^client:upload: ", ""))), {
    uploaded = uploaded, failed = failed, cause = err, status = err.status,
    retry_after = err.retry_after, response = err.response,
  })
end

-- Nothing is sent before it is known that all can be read.
local function measure(self)
  for i, file in ipairs(self.files) do
    self.sources[i] = Source.new(file)
  end
  for _, source in ipairs(self.sources) do
    local ok, code, message = source:measure()
    if not ok then
      self.first_error, self.culprit = failure(code, message), source
      return false
    end
    self.total = self.total + source.length
  end
  return true
end

---What is wrong with what is asked, or nil.
---@param what any
---@param options any
---@return string?
function M.problem(what, options)
  return fields.problem(what) or options ~= nil and client_options.problem_of_call(options) or nil
end

---@async
---@param client slack.Client
---@param what slack.Upload without a problem
---@param options? slack.CallOptions
---@return table? file; a list of them when `files` were given
---@return slack.Error? err
function M.run(client, what, options)
  local files, posts = fields.posts(what)
  options = options or {}
  local self = setmetatable({
    client = client, options = options, progress = what.progress, files = files,
    sources = {}, shown = {}, errors = {}, total = 0, sent = {}, told = 0,
  }, Uploading)
  if measure(self) then
    for _, post in ipairs(posts) do
      self:post(post)
    end
  end
  local err = self.first_error
  if err then
    return nil, what.files and partial_failure(self) or err
  end
  return what.files and self.shown or self.shown[1]
end

return M
