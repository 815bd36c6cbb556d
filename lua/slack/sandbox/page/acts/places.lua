-- Where people go, and who they are: channels, direct conversations, the app's home and
-- assistant, other persons.

local finding = require "slack.sandbox.page.acts.finding"
local json = require "slack.json"
local shapes = require "slack.sandbox.page.shapes"

local M = {}

M.act_as = {
  fields = { user = "string" },
  run = function(live, given)
    local user = live.team.workspace.users[given.user]
    if not user or user.is_bot then
      return nil, "there is no such person"
    end
    live:act_as(user.id)
    return {}
  end,
}

M.add_user = {
  fields = { name = "string" },
  run = function(live, given)
    local name, workspace = given.name:match "^%s*@?(.-)%s*$":lower(), live.team.workspace
    if not name:find "^[%w._-]+$" or #name > 80 then
      return nil, "a name has letters, digits, dots, dashes and underscores"
    elseif workspace:find_user(name) then
      return nil, ("there is a %s already"):format(name)
    end
    local user = workspace:add_user(name)
    for _, channel in ipairs(workspace.channel_list) do
      if channel.is_general then
        workspace:join(channel, user.id)
      end
    end
    return { user = shapes.user(user) }
  end,
}

-- Channels ------------------------------------------------------------------------

local NAME_PROBLEMS = {
  name_taken = "That name is already taken by a channel, username, or user group.",
  invalid_name_specials = "Channel names can’t contain spaces, periods, or most punctuation.",
  invalid_name_punctuation = "Channel names can’t contain spaces, periods, or most punctuation.",
  invalid_name_maxlength = "Channel names can’t be longer than 80 characters.",
  invalid_name_required = "Don’t forget to name your channel.",
}

M.create_channel = {
  fields = { name = "string", is_private = "boolean?" },
  run = function(live, given)
    local name = given.name:match "^%s*#?(.-)%s*$":lower():gsub("%s+", "-")
    local channel, word = live.team.workspace:create_channel(name, {
      user_id = live.me, is_private = given.is_private == true,
    })
    if not channel then
      return nil, NAME_PROBLEMS[word] or word
    end
    return { channel = channel.id }
  end,
}

-- Channels that can be entered and left.
local function room(live, id)
  local channel, problem = finding.channel(live, id)
  if channel and (channel.is_im or channel.is_mpim) then
    return nil, "a direct conversation is not entered or left"
  end
  return channel, problem
end

M.join = {
  fields = { channel = "string" },
  run = function(live, given)
    local channel, problem = room(live, given.channel)
    if not channel then
      return nil, problem
    elseif channel.is_archived then
      return nil, ("#%s is archived"):format(channel.name)
    end
    live.team.workspace:join(channel, live.me)
    return {}
  end,
}

M.leave = {
  fields = { channel = "string" },
  run = function(live, given)
    local channel, problem = room(live, given.channel)
    if not channel then
      return nil, problem
    elseif channel.is_general then
      return nil, "nobody leaves #" .. channel.name
    end
    live.team.workspace:leave(channel, live.me)
    return {}
  end,
}

M.invite = {
  fields = { channel = "string", user = "string" },
  run = function(live, given)
    local channel, problem = finding.own_channel(live, given.channel)
    local user = live.team.workspace.users[given.user]
    if not channel then
      return nil, problem
    elseif channel.is_im or channel.is_mpim then
      return nil, "a direct conversation stays among those that are in it"
    elseif not user then
      return nil, "there is no such person"
    end
    live.team.workspace:join(channel, user.id, live.me)
    return {}
  end,
}

M.open_dm = {
  fields = { user = "string" },
  run = function(live, given)
    local workspace = live.team.workspace
    local user = workspace.users[given.user]
    if not user or user.id == live.me then
      return nil, "there is no such person to talk with"
    end
    local other = user.id ~= workspace.bot.user_id and user.id or nil
    return { channel = workspace:direct_channel(live.me, other).id }
  end,
}

-- The app -------------------------------------------------------------------------

M.open_home = {
  fields = {},
  run = function(live)
    return { home = live.team:open_home { user = live.me } or json.null }
  end,
}

M.open_assistant = {
  fields = { looking_at = "string?" },
  run = function(live, given)
    local thread = live.team:open_assistant { user = live.me, looking_at = given.looking_at }
    return { channel = thread.channel, thread_ts = thread.thread_ts }
  end,
}

M.stop_answer = {
  fields = { channel = "string", thread_ts = "string" },
  run = function(live, given)
    local channel, problem = finding.own_channel(live, given.channel)
    if not channel then
      return nil, problem
    end
    local thread = live.team.workspace:assistant_thread(channel.id, given.thread_ts)
    live.team:stop_answer { thread = thread, user = live.me }
    return {}
  end,
}

return M
