-- The fields of a message: a name that is nearly one of them is taken for a slip, because
-- Slack passes over what it does not know, and the text would go elsewhere, or be lost.

local near_miss = require "slack.near_miss"

local KNOWN, MEANT = {}, {}

local function add(names, to)
  for name in names:gmatch "%S+" do
    KNOWN[name], to[name] = true, true
  end
end

-- Of the posting methods and of response URLs, and our own.
add([[
  channel text blocks attachments thread_ts reply_broadcast markdown_text metadata mrkdwn parse
  link_names unfurl_links unfurl_media username icon_emoji icon_url as_user user
  response_type replace_original delete_original ephemeral block_id action_id
]], MEANT)

-- Of messages that Slack delivers, which are posted again; nobody means them.
add([[
  ts token file_ids user_id type subtype app_id bot_id bot_profile team client_msg_id edited icons
  files file room root reactions event_ts channel_type parent_user_id permalink message hidden
]], {})

-- New ones of Slack's pass. Each name is thought about once, as long as there are few.
local MOST_PASSED = 200
local passed, count = {}, 0

local M = { KNOWN = KNOWN }

---What is wrong with the name of a field.
---@param name any
---@return string? problem
function M.problem(name)
  if type(name) ~= "string" or passed[name] then
    return nil
  end
  local advice = near_miss(name, MEANT)
  if advice ~= "" then
    return ("a message has no field %q%s"):format(name, advice)
  elseif count < MOST_PASSED then
    passed[name], count = true, count + 1
  end
end

return M
