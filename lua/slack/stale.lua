-- Clicks and modals of conversations that nobody waits in any more: the handler was cut
-- off, or the program started anew. Whoever uses one is told, and its buttons go. Where
-- the app runs in several processes another one may be waiting: then what is there stays.

local json = require "slack.json"
local own_ids = require "slack.own_ids"
local payload = require "slack.payload"
local tasks = require "slack.tasks"

local as_table = payload.as_table

local NOTE = "Nobody is waiting for this answer any more."
local BUSY_NOTE = "This could not be passed on to who waits for it. Please try again."
local FORM_NOTE = "This form is not waited for any more: what was filled in went nowhere. "
  .. "Please begin anew."

local M = {}

local function is_own_row(block)
  local elements = as_table(block) and as_table(block.elements)
  local first = elements and as_table(elements[1])
  return first ~= nil and own_ids.of(first.action_id) ~= nil
end

-- The message as it was, but for its buttons.
local function without_buttons(message)
  local blocks = json.list {}
  for _, block in ipairs(as_table(message.blocks) or {}) do
    if not is_own_row(block) then
      blocks[#blocks + 1] = block
    end
  end
  return { text = payload.text_of(message.text) or " ", blocks = blocks }
end

-- Of what was sent with the token of a workflow's step no response URL comes.
local function replace(c, content)
  if c.response_url then
    content.replace_original = true
    return c:respond(content)
  end
  return c:update(content)
end

---Tells who clicked something that nobody else sees.
---@async
---@param c slack.Context
---@param text string
function M.tell(c, text)
  if c.response_url then
    c:respond { response_type = "ephemeral", replace_original = false, text = text }
  elseif c.channel_id and c.user_id then
    c.client.chat.postEphemeral {
      channel = c.channel_id, user = c.user_id, text = text, thread_ts = c.thread_ts,
    }
  end
end

-- Whether another process of the app may wait for it.
local function may_be_elsewhere(app, id)
  local routes = app.dispatch.wait_routes
  if own_ids.is_ours(id) then
    return false
  end
  local is_alive = routes and routes:is_alive(id)
  if is_alive ~= nil and routes then
    return is_alive
  elseif app.settings.workers > 1 then
    return true
  end
  for _, transport in ipairs(app.transports) do
    if (transport.num_connections or 0) > (app.settings.connections or 0) then
      return true
    end
  end
  return false
end

local function close_question(c, id)
  local message = as_table(c.body.message)
  local routes = c.app.dispatch.wait_routes
  if routes and routes:is_alive(id) then
    return M.tell(c, BUSY_NOTE)
  elseif message and not may_be_elsewhere(c.app, id) then
    replace(c, without_buttons(message))
  end
  M.tell(c, NOTE)
end

-- A second click may be on its way when the first is answered.
local function has_just_ended(c, id)
  local waits = c.app.dispatch.waits
  return waits and waits.ended[id]
end

local function answer_action(c, id)
  c:ack()
  if not has_just_ended(c, id) then
    tasks.spawn(close_question, c, id)
  end
end

local function note_view(view)
  return {
    type = "modal", title = view.title,
    blocks = { { type = "section", text = { type = "mrkdwn", text = FORM_NOTE } } },
  }
end

---Shows in place of a form whose time is over that it is.
---@async
---@param c slack.Context
---@param view table as Slack gave it back
function M.show(c, view)
  local ok, err = c.client.views.update { view_id = view.id, view = note_view(view) }
  if not ok then
    c.log:debug("a form whose time was over could not be replaced: %s", err)
  end
end

local function answer_view(c, id)
  if c.type == "view_submission" and not has_just_ended(c, id) then
    c:ack { update = note_view(c.view) }
  else
    c:ack()
  end
end

---Answers what is of a conversation that is over.
---@param c slack.Context that no listener takes
---@return boolean answered
function M.answer(c)
  local id
  if c.kind == "action" then
    id = own_ids.of(c.payload.action_id)
  elseif c.kind == "view" then
    id = own_ids.of(c.payload.external_id)
  end
  if not id then
    return false
  elseif c.kind == "action" then
    answer_action(c, id)
  elseif c.type == "view_submission" and may_be_elsewhere(c.app, id) then
    return false -- what was filled in is not lost with Slack's own sign of failure
  else
    answer_view(c, id)
  end
  return true
end

return M
