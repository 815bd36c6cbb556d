-- Which deliveries of a recording `--only` chooses, and what they are called.

local own_ids = require "slack.own_ids"

local M = {}

-- Names that the framework itself gives say nothing.
local function text(value)
  return type(value) == "string" and value ~= "" and not own_ids.of(value) and value or nil
end

local function interaction_name(body)
  local action = type(body.actions) == "table" and body.actions[1]
  local view = body.view
  return type(action) == "table" and text(action.action_id) or text(body.callback_id)
    or type(view) == "table" and text(view.callback_id) or text(body.action_id)
end

---What a delivery is: its kind, its type at Slack, and what it is about.
---@param delivery slack.recording.Delivery
---@return string kind "event", "command", …
---@return string type "message", "block_actions", …
---@return string? name "/lunch", an action_id, a callback_id
function M.words(delivery)
  local body = delivery.body
  if delivery.kind == "command" then
    return "command", "slash_command", text(body.command)
  elseif delivery.kind == "event" then
    local event = type(body.event) == "table" and body.event or {}
    return "event", text(event.type) or text(body.type) or "?",
      text(event.callback_id) or text(event.subtype)
  end
  return delivery.kind, text(body.type) or "?", interaction_name(body)
end

---@param delivery slack.recording.Delivery
---@return string
function M.title(delivery)
  local kind, what, name = M.words(delivery)
  if kind == "command" then
    return kind .. " " .. (name or "?")
  end
  return kind .. " " .. what .. (name and " " .. name or "")
end

---The test that the text of `--only` stands for: words, numbers and ranges, with commas.
---@param list string "command,3-5,/lunch"
---@return (fun(delivery: slack.recording.Delivery): boolean)? test
---@return string? problem
function M.parse(list)
  local words, ranges = {}, {}
  for word in list:gmatch "[^,]+" do
    word = word:match "^%s*(.-)%s*$"
    local first, last = word:match "^(%d+)%-(%d+)$"
    first = first or word:match "^%d+$"
    if first then
      table.insert(ranges, { tonumber(first), tonumber(last or first) })
    elseif word ~= "" then
      words[word:lower()] = true
    end
  end
  if not ranges[1] and not next(words) then
    return nil, "kinds (event, command, interaction), types, names or numbers expected, got nothing"
  end
  return function(delivery)
    for _, range in ipairs(ranges) do
      if delivery.n >= range[1] and delivery.n <= range[2] then
        return true
      end
    end
    local kind, what, name = M.words(delivery)
    return words[kind] or words[what:lower()] or name and words[name:lower()] or false
  end
end

return M
