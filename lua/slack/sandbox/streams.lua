-- Messages of a local workspace that are written bit by bit (protocol §11).

---@class slack.sandbox.Stream
---@field message table whose text grows
---@field channel table
---@field thread_ts string
---@field state "streaming"|"completed"|"timed_out"|"stopped_by_user"
---@field until_time number on the workspace's clock
---@field tasks table[] of task_update chunks, one for each id, in their order
---@field plan? string title

---@class slack.sandbox.Streams
local streams = {}

---@param channel table
---@param message table as posted
---@return slack.sandbox.Stream
function streams:begin_stream(channel, message)
  local stream = {
    message = message, channel = channel, thread_ts = message.thread_ts, state = "streaming",
    until_time = self.clock() + self.stream_timeout, tasks = {},
  }
  self.streams[message.ts] = stream
  return stream
end

---The stream behind a message, whose time may be over by now.
---@param ts string
---@return slack.sandbox.Stream?
function streams:stream_of(ts)
  local stream = self.streams[ts]
  if stream and stream.state == "streaming" and self.clock() >= stream.until_time then
    stream.state = "timed_out"
  end
  return stream
end

local function put_task(stream, chunk)
  for i, task in ipairs(stream.tasks) do
    if task.id == chunk.id then
      stream.tasks[i] = chunk
      return
    end
  end
  table.insert(stream.tasks, chunk)
end

---Writes on.
---@param stream slack.sandbox.Stream
---@param chunks table[] checked
function streams.write(stream, chunks)
  local message = stream.message
  for _, chunk in ipairs(chunks) do
    if chunk.type == "markdown_text" then
      message.text = message.text .. chunk.text
    elseif chunk.type == "task_update" then
      put_task(stream, chunk)
    elseif chunk.type == "plan_update" then
      stream.plan = chunk.title
    elseif chunk.type == "blocks" then
      message.blocks = message.blocks or {}
      table.move(chunk.blocks, 1, #chunk.blocks, #message.blocks + 1, message.blocks)
    end
  end
end

---A person stops what is written in a thread.
---@param channel table
---@param thread_ts string
---@return string[] ts of the messages
function streams:stop_streams(channel, thread_ts)
  local stopped = {}
  for ts, stream in pairs(self.streams) do
    if stream.channel == channel and stream.thread_ts == thread_ts
      and self:stream_of(ts).state == "streaming" then
      stream.state = "stopped_by_user"
      table.insert(stopped, ts)
    end
  end
  table.sort(stopped)
  return stopped
end

return streams
