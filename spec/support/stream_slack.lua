-- Slack's streaming methods for an offline app, with failures on demand: what stands in
-- `messages` in the end is what people see.

local errors = require "slack.errors"

local StreamSlack = {}
StreamSlack.__index = StreamSlack

local function text_of(arguments)
  local text = arguments.markdown_text or ""
  for _, chunk in ipairs(arguments.chunks or {}) do
    text = text .. (chunk.text or "")
  end
  for _, block in ipairs(arguments.blocks or {}) do
    text = text .. (block.type == "markdown" and block.text or "")
  end
  return text
end

---An error as the client gives it.
---@param code string
---@param more? table
function StreamSlack.failure(code, more)
  local fields = { code = code, message = code .. " for a spec" }
  for name, value in pairs(more or {}) do
    fields[name] = value
  end
  return errors.new(fields)
end

local failure = StreamSlack.failure

---on_call(method, arguments, count) may give an error, and "applied" when the work is
---done all the same.
---@param offline spec.OfflineApp
function StreamSlack.new(offline)
  local self = setmetatable({ messages = {}, calls = {}, counts = {} }, StreamSlack)
  for name, work in pairs(StreamSlack.methods) do
    offline.answers["chat." .. name] = function(arguments)
      self.counts[name] = (self.counts[name] or 0) + 1
      table.insert(self.calls, { method = name, arguments = arguments })
      local err, is_applied
      if self.on_call then
        err, is_applied = self.on_call(name, arguments, self.counts[name])
      end
      if err and not is_applied then
        return nil, err
      end
      local answer, refused = work(self, arguments)
      return not err and answer or nil, err or refused
    end
  end
  return self
end

local function find(self, ts)
  for _, message in ipairs(self.messages) do
    if message.ts == ts then
      return message
    end
  end
end

local function add(self, arguments, is_streaming)
  local message = {
    ts = ("1700000000.%06d"):format(#self.messages + 1), channel = arguments.channel,
    thread_ts = arguments.thread_ts, text = text_of(arguments), streaming = is_streaming,
    blocks = arguments.blocks, metadata = arguments.metadata,
  }
  table.insert(self.messages, message)
  return { ok = true, ts = message.ts, channel = message.channel }
end

local function streaming(self, arguments)
  local message = find(self, arguments.ts)
  if not message or not message.streaming then
    return nil, failure "message_not_in_streaming_state"
  end
  message.text = message.text .. text_of(arguments)
  return message
end

StreamSlack.methods = {
  startStream = function(self, arguments) return add(self, arguments, true) end,
  postMessage = function(self, arguments) return add(self, arguments, false) end,
  appendStream = function(self, arguments)
    local message, err = streaming(self, arguments)
    return message and { ok = true, ts = message.ts }, err
  end,
  stopStream = function(self, arguments)
    local message, err = streaming(self, arguments)
    if not message then
      return nil, err
    end
    message.streaming = false
    message.blocks, message.metadata = arguments.blocks, arguments.metadata
    return { ok = true, ts = message.ts, message = message }
  end,
  update = function(self, arguments)
    local message = find(self, arguments.ts)
    if message.streaming then
      return nil, failure "streaming_state_conflict"
    end
    message.text, message.blocks = text_of(arguments), arguments.blocks or message.blocks
    message.metadata = arguments.metadata or message.metadata
    return { ok = true, ts = message.ts, message = message }
  end,
}

---What people read, of all messages.
---@return string
function StreamSlack:text()
  local texts = {}
  for i, message in ipairs(self.messages) do
    texts[i] = message.text
  end
  return table.concat(texts)
end

---@return string[] methods in the order of the calls
function StreamSlack:methods_called()
  local names = {}
  for i, call in ipairs(self.calls) do
    names[i] = call.method
  end
  return names
end

return StreamSlack
