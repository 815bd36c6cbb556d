-- The commands that are Slack's own: an app cannot have one of these names.

local M = {}

-- A person or channel that was typed: "<@U1|ada>", "@ada", "ada".
local function typed_id(text)
  return text:match "^<[@#](%w+)" or text:match "^[@#]?(%S+)"
end

local function place_for(live, channel)
  if channel.is_im or channel.is_mpim then
    return nil, "This command is not for direct messages."
  end
  return live.team.workspace
end

-- What calls join or leave of the workspace for the person who was typed.
local function for_person(method)
  return function(live, channel, text)
    local workspace, problem = place_for(live, channel)
    local user = workspace and typed_id(text) and workspace:find_user(typed_id(text))
    if not user then
      return problem or "Nobody here is called that."
    end
    workspace[method](workspace, channel, user.id, live.me)
  end
end

---@class slack.sandbox.OwnCommand
---@field command string
---@field description string
---@field usage_hint string
---@field run fun(live: slack.sandbox.Live, channel: table, text: string): string? what went wrong

---@type slack.sandbox.OwnCommand[]
M.list = {
  {
    command = "/invite", description = "Invite someone to this channel", usage_hint = "@someone",
    run = for_person "join",
  },
  {
    command = "/remove", description = "Remove someone from this channel",
    usage_hint = "@someone",
    run = for_person "leave",
  },
  {
    command = "/join", description = "Open a channel", usage_hint = "#channel",
    run = function(live, _, text)
      local workspace = live.team.workspace
      local channel = typed_id(text) and workspace:find_channel((typed_id(text)))
      if not channel or channel.is_im or channel.is_private or channel.is_archived then
        return "There is no such channel to join."
      end
      workspace:join(channel, live.me)
    end,
  },
  {
    command = "/leave", description = "Leave this channel", usage_hint = "",
    run = function(live, channel)
      local workspace, problem = place_for(live, channel)
      if not workspace or channel.is_general then
        return problem or "Nobody leaves #" .. channel.name .. "."
      end
      workspace:leave(channel, live.me)
    end,
  },
  {
    command = "/topic", description = "Set the topic of this channel", usage_hint = "text",
    run = function(live, channel, text)
      local workspace, problem = place_for(live, channel)
      if not workspace then
        return problem
      end
      local ok, word = workspace:set_topic(channel, text, live.me)
      return not ok and word or nil
    end,
  },
}

M.by_name = {}
for _, own in ipairs(M.list) do
  M.by_name[own.command] = own
end

return M
