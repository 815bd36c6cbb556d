-- What a program says of an upload: which fields there are, and where each file goes.

local json = require "slack.json"
local near_miss = require "slack.near_miss"

-- Of one file; of the message that files come with; and of all of an upload.
local FILE = {
  content = "string", file = "string", filename = "string", length = "integer", title = "string",
  alt_txt = "string", snippet_type = "string",
}
local PLACE = {
  channel = "string", thread_ts = "string", initial_comment = "string", blocks = "table",
}
local WHOLE = { files = "table", progress = "function" }
-- What other libraries call them.
local OTHER_NAMES = {
  channels = "channel", channel_id = "channel", alt_text = "alt_txt", filetype = "snippet_type",
  data = "content", path = "file", name = "filename", comment = "initial_comment",
  text = "initial_comment", file_uploads = "files", on_progress = "progress", reader = "content",
}

---@class slack.UploadFile
---@field content? string|fun(): string? the bytes, or what gives them piece by piece and then
---  nil; or file
---@field file? string path to read them from
---@field length? integer how many bytes the function gives
---@field filename? string by default that of file
---@field title? string filename
---@field alt_txt? string says what a picture shows
---@field snippet_type? string "lua", "python", …: shown as a snippet of that language
---@field channel? string|string[] ids; without one only the bot has the file
---@field thread_ts? string
---@field initial_comment? string text of the message that it comes with
---@field blocks? table[] of that message, instead of the text

---@class slack.Upload: slack.UploadFile
---@field files? (slack.UploadFile|string)[] several, or paths, instead of one. Those that name
---  a channel are shown there, all others together where this says
---@field progress? fun(sent: integer, total: integer) bytes, of all files

local M = {}

-- Checks ---------------------------------------------------------------------------

local function kinds_of(name, expected)
  if name == "content" then
    return { string = true, ["function"] = true }, "string or function"
  elseif name == "channel" then
    return { string = true, table = true }, "an id, or a list of ids,"
  end
  return { [expected] = true }, expected
end

local function known_as(name)
  return FILE[name] or PLACE[name] or WHOLE[name]
end

local function all_names()
  local names = {}
  for _, known in ipairs { FILE, PLACE, WHOLE } do
    for name in pairs(known) do
      names[name] = true
    end
  end
  return names
end

local function field_problem(name, value)
  local expected = known_as(name)
  if not expected then
    local other = OTHER_NAMES[name]
    return ("unknown field %q%s"):format(tostring(name),
      other and ("; here it is %q"):format(other) or near_miss(name, all_names()))
  end
  local kinds, words = kinds_of(name, expected)
  if not kinds[expected == "integer" and math.type(value) or type(value)] then
    return ("field %q: %s expected, got %s%s"):format(name, words, type(value),
      name == "content" and io.type(value) and '; of an open file give the path, as "file"' or "")
  end
end

local function fields_problem(what)
  for name, value in pairs(what) do
    local problem = field_problem(name, value)
    if problem then
      return problem
    end
  end
end

local function content_problem(what)
  if (what.content == nil) == (what.file == nil) then
    return what.file and 'fields "content" and "file" exclude each other'
      or 'field "content" or "file" is missing'
  elseif what.content and not what.filename then
    return 'field "filename" is missing, which "content" needs'
  end
  local is_read = type(what.content) == "function"
  if is_read and not what.length then
    return 'field "length" is missing: Slack wants to know how many bytes the function gives'
  elseif what.length and not is_read then
    return 'field "length" has no use without a function as "content"'
  elseif what.length and what.length < 0 then
    return ('field "length": a number of bytes expected, got %d'):format(what.length)
  end
end

-- Slack finds no channel here by its name.
local function id_problem(id)
  if type(id) ~= "string" then
    return ('field "channel": an id, or a list of ids, expected, got %s in it'):format(type(id))
  elseif id:find(",", 1, true) then
    return 'field "channel": for several channels give a list of ids'
  elseif id:find "^#" or id:find "%l" then
    return ('field "channel": an id (C…) expected, got a name: %q'):format(id)
  end
end

local function channel_problem(channel)
  if type(channel) ~= "table" then
    return id_problem(channel)
  elseif #channel == 0 then
    return 'field "channel": the list is empty'
  end
  for _, id in ipairs(channel) do
    local problem = id_problem(id)
    if problem then
      return problem
    end
  end
end

local function place_problem(what)
  for name in pairs(PLACE) do
    if what[name] and not what.channel then
      return ('field %q has no use without "channel"'):format(name)
    end
  end
  if what.blocks and what.initial_comment then
    return 'fields "blocks" and "initial_comment" exclude each other: Slack shows no blocks then'
  elseif what.thread_ts and type(what.channel) == "table" and #what.channel > 1 then
    return 'field "thread_ts": a thread is in one channel, not in several'
  end
  return what.channel and channel_problem(what.channel)
end

local function one_problem(what)
  if type(what) == "string" then
    return nil
  elseif type(what) ~= "table" then
    return "a path, or a table with content or file, expected, got " .. type(what)
  end
  for name in pairs(WHOLE) do
    if what[name] ~= nil then
      return ("field %q belongs beside \"files\", not into it"):format(name)
    end
  end
  return fields_problem(what) or content_problem(what) or place_problem(what)
end

local function several_problem(what)
  for name in pairs(FILE) do
    if what[name] ~= nil then
      return ('field %q: give it to each of "files"'):format(name)
    end
  end
  if #what.files == 0 then
    return 'field "files": the list is empty'
  end
  for i, one in ipairs(what.files) do
    local problem = one_problem(one)
    if problem then
      return ("files[%d]: %s"):format(i, problem)
    end
  end
end

---What is wrong with it, or nil.
---@param what any
---@return string?
function M.problem(what)
  if type(what) ~= "table" then
    return "a table with content or file expected, got " .. type(what)
  end
  return fields_problem(what)
    or (what.files and several_problem or content_problem)(what)
    or place_problem(what)
end

-- Posts ----------------------------------------------------------------------------

local function key_of(place)
  local channel = place.channel
  return table.concat({
    type(channel) == "table" and table.concat(channel, ",") or channel or "",
    place.thread_ts or "", place.initial_comment or "",
    place.blocks and json.encode(place.blocks) or "",
  }, "\0")
end

---The files, and how they stand together: each post has one place and some of the files.
---@param what slack.Upload without a problem
---@return slack.UploadFile[] files
---@return { place: slack.UploadFile, [integer]: integer }[] posts numbers of the files
function M.posts(what)
  local files, posts, by_key = {}, {}, {}
  for i, one in ipairs(what.files or { what }) do
    one = type(one) == "string" and { file = one } or one
    files[i] = one
    local place = one.channel and one or what
    local key = key_of(place)
    if not by_key[key] then
      by_key[key] = { place = place }
      table.insert(posts, by_key[key])
    end
    table.insert(by_key[key], i)
  end
  return files, posts
end

return M
