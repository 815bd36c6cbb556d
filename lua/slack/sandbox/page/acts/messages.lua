-- What people write: messages, replies, reactions, pins, files.

local base64 = require "slack.base64"
local finding = require "slack.sandbox.page.acts.finding"
local json = require "slack.json"
local shapes = require "slack.sandbox.page.shapes"

local MOST_CHARACTERS <const> = 12000 -- that Slack's client sends in one message
local MOST_OLDER <const> = 500 -- messages of one answer
local MOST_FILE <const> = 20 * 1024 * 1024 -- bytes

local M = {}

local function text_problem(text)
  if not text:find "%S" then
    return "there is nothing to send"
  elseif (utf8.len(text) or #text) > MOST_CHARACTERS then
    return ("%d characters at most"):format(MOST_CHARACTERS)
  end
end

local SAY = {
  fields = {
    channel = "string", text = "string", thread_ts = "string?", reply_broadcast = "boolean?",
  },
}

function SAY.run(live, given)
  local channel, problem = finding.own_channel(live, given.channel)
  problem = problem or text_problem(given.text)
  if problem then
    return nil, problem
  elseif given.thread_ts and not live.team.workspace.find_message(channel, given.thread_ts) then
    return nil, "there is no such thread"
  end
  local message = live.team:say {
    user = live.me, channel = channel.id, text = given.text, thread_ts = given.thread_ts,
    reply_broadcast = given.reply_broadcast,
  }
  return { ts = message.ts }
end

M.say, M.assistant_say = SAY, SAY

-- An act on one message: run(live, given, message, channel) gives a problem or nothing.
local function on_message(fields, run)
  fields.channel, fields.ts = "string", "string"
  return {
    fields = fields,
    run = function(live, given)
      local message, channel = finding.common_message(live, given)
      if not message then
        return nil, channel
      end
      local problem = run(live, given, message, channel)
      return not problem and {} or nil, problem
    end,
  }
end

local function not_own(live, message)
  return message.user ~= live.me and "this is somebody else's message" or nil
end

M.edit = on_message({ text = "string" }, function(live, given, message)
  local problem = not_own(live, message) or text_problem(given.text)
  if not problem then
    live.team:edit { message = message, text = given.text, user = live.me }
  end
  return problem
end)

M.delete = on_message({}, function(live, _, message)
  local problem = not_own(live, message)
  if not problem then
    live.team:delete { message = message }
  end
  return problem
end)

local function reaction(verb)
  return on_message({ name = "string" }, function(live, given, message, channel)
    if not given.name:find "^[%w_+'-][%w_+':-]*$" or #given.name > 100 then
      return "there is no such emoji"
    elseif not channel.members[live.me] then
      return ("join #%s first"):format(channel.name)
    end
    live.team[verb](live.team, { message = message, name = given.name, user = live.me })
  end)
end

M.react, M.unreact = reaction "react", reaction "unreact"

local function pinning(verb)
  return on_message({}, function(live, _, message, channel)
    if not channel.members[live.me] then
      return ("join #%s first"):format(channel.name)
    end
    live.team[verb](live.team, { message = message, user = live.me })
  end)
end

M.pin, M.unpin = pinning "pin", pinning "unpin"

-- Without a channel it is the value of a file_input.
local function take_file(live, given, content)
  local what = {
    filename = given.filename, content = content, user = live.me, channel = given.channel,
    thread_ts = given.thread_ts, text = given.text,
  }
  if given.channel then
    local channel, problem = finding.own_channel(live, given.channel)
    if not channel then
      return nil, problem
    end
    local message = live.team:share(what)
    return { ts = message.ts, file = shapes.file(message.files[1]) }
  end
  local file = live.page.sandbox.uploads:add(live.team.workspace, {
    filename = given.filename, content = content, user_id = live.me,
  })
  return { file = shapes.file(file) }
end

M.upload = {
  fields = {
    channel = "string?", filename = "string", content = "string", thread_ts = "string?",
    text = "string?",
  },
  run = function(live, given)
    local content = base64.decode(given.content)
    if not content then
      return nil, "the content is no base64"
    elseif #content > MOST_FILE then
      return nil, ("%d MB at most"):format(MOST_FILE // 1024 // 1024)
    elseif content == "" then
      return nil, "the file is empty"
    elseif not given.filename:find "%S" then
      return nil, "the file needs a name"
    end
    return take_file(live, given, content)
  end,
}

-- What is older than the page knows; before: ts of the oldest message that it has.
M.history = {
  fields = { channel = "string", before = "string" },
  run = function(live, given)
    local channel, problem = finding.channel(live, given.channel)
    if not channel then
      return nil, problem
    end
    local workspace, older = live.team.workspace, {}
    for _, message in ipairs(channel.messages) do
      if message.ts >= given.before then
        break
      end
      older[#older + 1] = message
    end
    local first, found = math.max(1, #older - MOST_OLDER + 1), json.list {}
    for i = first, #older do
      local message = older[i]
      local shape = shapes.message(workspace, channel, message,
        shapes.stream(workspace, message.ts))
      shape.state = workspace.filled_in[("%s %s %s"):format(channel.id, message.ts, live.me)]
      found[#found + 1] = shape
    end
    return { messages = found, has_more = first > 1 }
  end,
}

return M
