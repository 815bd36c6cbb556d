-- Methods that search, with a person's token: what that person can see. Words, "phrases",
-- in:#channel, from:@person.

local json = require "slack.json"
local paging = require "slack.sandbox.methods.paging"

---@type table<string, slack.sandbox.Method>
local methods = {}

-- Words that must be there, and where.
local function parse(query)
  local wanted = { words = {} }
  local rest = query:gsub('"([^"]+)"', function(phrase)
    table.insert(wanted.words, phrase:lower())
    return " "
  end)
  for word in rest:gmatch "%S+" do
    local key, value = word:match "^(%a+):[#@<]*([^>|]+)"
    if key == "in" or key == "from" then
      wanted[key] = value
    else
      table.insert(wanted.words, word:lower())
    end
  end
  return wanted
end

local function has_words(text, words)
  text = text:lower()
  for _, word in ipairs(words) do
    if not text:find(word, 1, true) then
      return false
    end
  end
  return true
end

local function is_from(workspace, wanted, user_id, call)
  local name = wanted.from
  local user = name and (name == "me" and workspace.users[call.user_id]
    or workspace:find_user(name))
  return not name or user ~= nil and user.id == user_id
end

local function is_in(channel, wanted)
  return not wanted["in"] or wanted["in"] == channel.name or wanted["in"] == channel.id
end

local function match_of(workspace, channel, message)
  local user = workspace.users[message.user]
  return {
    type = "message", iid = ("%s-%s"):format(channel.id, message.ts), team = workspace.id,
    channel = {
      id = channel.id, name = channel.name, is_private = channel.is_private,
      is_mpim = channel.is_mpim,
    },
    user = message.user, username = user and user.name or message.username, ts = message.ts,
    text = message.text, blocks = message.blocks,
    permalink = workspace:permalink(channel, message),
  }
end

-- Sorted, the newest first but where told otherwise, in pages.
local function answer(found, call, name, key)
  local is_ascending = call.args.sort_dir == "asc"
  table.sort(found, function(a, b)
    if is_ascending then
      a, b = b, a
    end
    return a[key] > b[key]
  end)
  call.args.count = call.args.count or 20
  local page, err = paging.by_number(found, call, "matches")
  if not page then
    return nil, err
  end
  page.total = #found
  page.pagination = {
    total_count = #found, page = page.paging.page, per_page = page.paging.count,
    page_count = page.paging.pages,
  }
  return { query = call.args.query, [name] = page }
end

local function find_messages(workspace, call)
  local wanted, found = parse(call.args.query), {}
  for _, channel in ipairs(workspace.channel_list) do
    if workspace.can_see(channel, call.user_id) and is_in(channel, wanted) then
      for _, message in ipairs(channel.messages) do
        if has_words(message.text or "", wanted.words)
          and is_from(workspace, wanted, message.user, call) then
          table.insert(found, match_of(workspace, channel, message))
        end
      end
    end
  end
  return found
end

local function find_files(workspace, call)
  local wanted, found = parse(call.args.query), json.list {}
  for _, file in ipairs(call.uploads:newest_first(workspace)) do
    if has_words(file.name .. " " .. file.title, wanted.words)
      and is_from(workspace, wanted, file.user, call) then
      found[#found + 1] = file
    end
  end
  return found
end

local function searching(fn)
  return function(workspace, call)
    if call.args.query == "" then
      return nil, "no_query"
    end
    return fn(workspace, call)
  end
end

methods["search.messages"] = searching(function(workspace, call)
  return answer(find_messages(workspace, call), call, "messages", "ts")
end)

methods["search.files"] = searching(function(workspace, call)
  return answer(find_files(workspace, call), call, "files", "created")
end)

methods["search.all"] = searching(function(workspace, call)
  local found, err = answer(find_messages(workspace, call), call, "messages", "ts")
  if not found then
    return nil, err
  end
  found.files = answer(find_files(workspace, call), call, "files", "created").files
  return found
end)

return methods
