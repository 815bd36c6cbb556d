-- Writes what passes between Slack and an app into a file, as a tap (tap.lua): a JSON object
-- a line.
--
--   {"type":"recording","format":1,"lua_slack":"…","at":…,"redaction":"default"}
--   {"type":"delivery","n":1,"at":…,"transport":"socket","kind":"event","acked":true,"body":{…}}
--   {"type":"call","delivery":1,"method":"chat.postMessage","args":{…},"seconds":…,"answer":{…}}
--   {"type":"fetch","delivery":1,"method":"GET","url":"…","seconds":…,"status":200,"text":"…"}
--   {"type":"ack","delivery":1,"seconds":…,"payload":{…}}
--
-- at: seconds since the epoch. A delivery may have `retry`; a call that failed has `error`
-- with code, message and status instead of `answer`, and no `delivery` where no handler made it;
-- an ack that is none says in `refused` why, one by the deadline has `late`. With the option
-- workers each line has the process that wrote it as `worker`.

local Redaction = require "slack.recording.redaction"
local core = require "slack.core"
local errors = require "slack.errors"
local fetched_lines = require "slack.recording.fetched"
local json = require "slack.json"
local loop = require "slack.loop"
local tap = require "slack.tap"
local version = require "slack.version"

local FORMAT <const> = 1
local DEFAULT_MAX = 100 * 1024 * 1024

---@class slack.Recorder: slack.Tap
---@field path string
---@field file slack.core.append_file|false false: it has ended
---@field count integer of deliveries
local Recorder = {}
Recorder.__index = Recorder
Recorder.__name = "slack.recorder"

---@class slack.RecorderOptions
---@field redaction? "default"|"texts"|"raw"
---@field max_bytes? integer of the file, 100 MiB

-- Lines ---------------------------------------------------------------------------------

-- Fields in this order; those without a value are left out.
local ORDER = {
  "type", "worker", "format", "lua_slack", "at", "redaction", "n", "delivery", "transport", "kind",
  "retry", "acked", "method", "url", "token_kind", "args", "seconds", "refused", "late", "error",
  "status", "content_type", "left_out", "text", "answer", "payload", "body",
}

local function line_of(fields)
  local parts = {}
  for _, name in ipairs(ORDER) do
    local value = fields[name]
    if value ~= nil then
      local text = json.encode(value) or '"(what JSON cannot hold)"'
      parts[#parts + 1] = ('"%s":%s'):format(name, text)
    end
  end
  return "{" .. table.concat(parts, ",") .. "}\n"
end

local function stop(self, why)
  self.file:close()
  self.file = false
  if self.app then
    self.app.log:error("the recording ends here: %s", why)
    tap.attach(self.app, false)
  end
end

-- nil, message when it is not in the file.
local function add(self, fields)
  if not self.file then
    return nil
  end
  fields.worker = core.pid() ~= self.pid and core.pid() or nil
  local line = line_of(fields)
  if self.file:size() + #line > self.max_bytes then
    return stop(self, ("%s would be larger than %d bytes"):format(self.path, self.max_bytes))
  end
  local ok, message = self.file:add(line)
  if not ok then
    stop(self, message)
  end
end

-- Making ----------------------------------------------------------------------------------

-- Whether what is there goes on; a file of another kind is not touched.
local function problem_with(path)
  local _, kind = core.stat(path)
  if kind == nil then
    return nil
  elseif kind ~= "file" then
    return ("%s is no file"):format(path)
  end
  local file <close> = io.open(path, "rb")
  local head = file and file:read(64)
  if head and not head:find '^{"type":"recording"' then
    return ("%s is there and is no recording: it is not touched"):format(path)
  end
end

---@param path string of a new file, or of a recording that goes on
---@param options? slack.RecorderOptions
---@return slack.Recorder?
---@return slack.Error? err code "file"
function Recorder.open(path, options)
  options = options or {}
  local message, file = problem_with(path), nil
  if not message then
    file, message = core.append_file(path)
  end
  if not file then
    return nil, errors.new { code = "file", message = message }
  end
  local self = setmetatable({
    path = path, file = file, count = 0, pid = core.pid(), numbers = setmetatable({}, {
      __mode = "k",
    }),
    max_bytes = options.max_bytes or DEFAULT_MAX, redaction = Redaction.new(options.redaction),
  }, Recorder)
  add(self, {
    type = "recording", format = FORMAT, lua_slack = version, at = core.time(),
    redaction = self.redaction.level,
  })
  if not self.file then
    return nil, errors.new { code = "file", message = "cannot write " .. path }
  end
  return self
end

---Records what an app does from now on.
---@param app slack.App
function Recorder:attach(app)
  self.app = app
  tap.attach(app, self)
end

function Recorder:close()
  if self.file then
    self.file:close()
    self.file = false
  end
end

Recorder.__close = Recorder.close

-- What is tapped --------------------------------------------------------------------------

local function rounded(seconds)
  return math.floor(seconds * 1e6 + 0.5) / 1e6
end

function Recorder:delivery(request)
  self.count = self.count + 1
  self.numbers[request] = { n = self.count, at = loop.now() }
  add(self, {
    type = "delivery", n = self.count, at = core.time(),
    transport = request.transport and request.transport.name or "inbox",
    kind = request.came_as or "unknown", retry = request.retry, acked = request.acked == true,
    body = self.redaction:apply(request.body),
  })
end

function Recorder:ack(request, text, how)
  local number = self.numbers[request]
  if number then
    add(self, {
      type = "ack", delivery = number.n, seconds = rounded(loop.now() - number.at),
      payload = text and self.redaction:apply(json.decode(text)) or json.null,
      late = how == "deadline" or nil, refused = how ~= "deadline" and how or nil,
    })
  end
end

function Recorder:call(call)
  local number, err = self.numbers[call.request], call.err
  add(self, {
    type = "call", delivery = number and number.n, method = call.method,
    token_kind = call.token_kind, args = self.redaction:apply(call.args),
    seconds = rounded(call.seconds),
    error = err and { code = err.code, message = err.message, status = err.status } or nil,
    answer = not err and self.redaction:apply(call.answer) or nil,
  })
end

function Recorder:fetched(fetched)
  local number = self.numbers[fetched.request]
  local fields = fetched_lines.line(fetched, self.redaction)
  fields.delivery, fields.seconds = number and number.n, rounded(fetched.seconds)
  add(self, fields)
end

return Recorder
