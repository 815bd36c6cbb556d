-- A view that is too large for an ack: the ack gives Slack a small one in its place,
-- and views.update the large one.
--
-- Ack and call go to Slack on two ways, and the ack must not come second. That it has
-- been taken shows in the view: an update has given it another hash, so that one with
-- the hash of before fails; what was pushed is there to be found.

local base64 = require "slack.base64"
local core = require "slack.core"
local errors = require "slack.errors"
local tasks = require "slack.tasks"

local TRIES, PAUSE <const> = 15, 0.2 -- seconds
local ID_BYTES <const> = 18

local M = {}

---Whether an answer brings a view whose place can be found.
---@param view? table that was submitted
---@param answer table
---@return boolean
function M.fits(view, answer)
  if type(answer.view) ~= "table" then
    return false
  end
  return answer.response_action == "push"
    or answer.response_action == "update" and view ~= nil and type(view.id) == "string"
end

---The answer with a small view in place of the large one.
---@param answer table
---@return table
function M.placeholder(answer)
  local large = answer.view
  local external_id = large.external_id
  if answer.response_action == "push" then
    external_id = external_id or base64.encode_url(core.random(ID_BYTES))
  end
  return {
    response_action = answer.response_action,
    view = {
      type = "modal", title = large.title, close = large.close, external_id = external_id,
      blocks = { { type = "section", text = { type = "plain_text", text = "…" } } },
    },
  }
end

local function update_pushed(client, external_id, view)
  local answer, err
  for _ = 1, TRIES do
    answer, err = client.views.update { external_id = external_id, view = view }
    if answer or err.code ~= "not_found" then
      return answer, err
    end
    tasks.sleep(PAUSE)
  end
  return answer, err
end

local function update_submitted(client, submitted, view)
  local hash = submitted.hash
  for _ = 1, hash and TRIES or 0 do
    local answer, err = client.views.update { view_id = submitted.id, hash = hash, view = view }
    if not answer then
      if err.code == "hash_conflict" then
        break
      end
      return nil, err
    end
    hash = answer.view and answer.view.hash or hash
    tasks.sleep(PAUSE)
  end
  return client.views.update { view_id = submitted.id, view = view }
end

---Puts the large view where the small one is.
---@async
---@param client slack.Client
---@param submitted table the view
---@param placeholder table what was acked
---@param view table the large one
---@return true? ok
---@return slack.Error? err
function M.replace(client, submitted, placeholder, view)
  local answer, err
  if placeholder.response_action == "push" then
    answer, err = update_pushed(client, placeholder.view.external_id, view)
  else
    answer, err = update_submitted(client, submitted, view)
  end
  if not answer then
    return nil, errors.new { code = err.code, message = "c:ack: " .. err.message }
  end
  return true
end

return M
