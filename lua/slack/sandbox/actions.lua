-- What is used in a message or a view: where the element stands, and how the payload of
-- block_actions tells of it (protocol §5.2).

local M = {}

local function find_among(blocks, block_id, action_id)
  for _, block in ipairs(blocks or {}) do
    local elements = block.elements or { block.accessory or block.element }
    for _, element in ipairs((not block_id or block.block_id == block_id) and elements or {}) do
      if element.action_id == action_id then
        return element, block
      end
    end
  end
end

---The element with that action_id of a message or view, of attachments too.
---@param place table
---@param block_id? string nil: in any block
---@param action_id string
---@return table? element, table? block, table? attachment that it is in
function M.find(place, block_id, action_id)
  local element, block = find_among(place.blocks, block_id, action_id)
  if element then
    return element, block
  end
  for _, attachment in ipairs(place.attachments or {}) do
    element, block = find_among(attachment.blocks, block_id, action_id)
    if element then
      return element, block, attachment
    end
  end
end

-- Of an element, what its action has besides the value.
local CARRIED <const> = {
  "text", "value", "style", "url", "icon", "placeholder", "confirm", "initial_option",
  "initial_options", "initial_date", "initial_time", "initial_date_time", "initial_user",
  "initial_users", "initial_channel", "initial_channels", "initial_conversation",
  "initial_conversations",
}

---An action without what was chosen.
---@param element table
---@param block table
---@param ts string
---@return table
function M.of(element, block, ts)
  local action = {
    type = element.type, action_id = element.action_id, block_id = block.block_id,
    action_ts = ts,
  }
  for _, name in ipairs(CARRIED) do
    action[name] = element[name]
  end
  return action
end

---The container of a message's element.
---@param message table
---@param channel table
---@param attachment? table that the element is in
---@return table
function M.container(message, channel, attachment)
  local container = {
    type = "message",
    message_ts = message.ts,
    channel_id = channel.id,
    is_ephemeral = message.is_ephemeral or false,
    thread_ts = message.thread_ts,
  }
  if attachment then
    container.type, container.attachment_id = "message_attachment", attachment.id
    container.is_app_unfurl = attachment.is_app_unfurl or false
    container.app_unfurl_url = attachment.app_unfurl_url
  end
  return container
end

return M
