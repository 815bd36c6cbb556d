-- One submission of a form: what was filled in, and the answer to it.

local own_ids = require "slack.own_ids"

---@class slack.Submission
---@field c slack.Context of the view_submission
---@field values table<string, any> by action_id
---@field block_values table<string, table<string, any>> by block_id and action_id
---@field view table
---@field is_last boolean the form is over with it: it was accepted, and no view lies below
local Submission = {}
Submission.__name = "slack.submission"

---@class (partial) slack.Submission
local methods = {}

-- Fields of the context that one looks for here.
local SHARED = { values = true, block_values = true, view = true, user_id = true, log = true }

function Submission.__index(self, name)
  return methods[name] or SHARED[name] and self.c[name] or nil
end

---@param c slack.Context
---@return slack.Submission
function Submission.new(c)
  return setmetatable({ c = c, answered = false, is_last = false }, Submission)
end

---A view of a form as it is sent: found again by an id of its own, and told of when it is
---closed. The one given is left as it is.
---@param view table
---@return table
function Submission.prepare(view)
  local copy = {}
  for name, value in pairs(view) do
    copy[name] = value
  end
  copy.type = view.type or "modal"
  copy.external_id = view.external_id or own_ids.new()
  if view.notify_on_close == nil then
    copy.notify_on_close = true
  end
  return copy
end

---@param view table
---@return boolean
function Submission.is_root(view)
  return type(view.root_view_id) ~= "string" or view.root_view_id == view.id
end

local STAYS_OPEN = { errors = true, update = true, push = true }

local function stays_open(payload)
  if type(payload) ~= "table" then
    return false
  elseif type(payload.errors) == "table" then
    return next(payload.errors) ~= nil -- of none the ack is empty
  end
  local name = payload.response_action or next(payload)
  return STAYS_OPEN[name] == true
end

local function clears(payload)
  return type(payload) == "table" and (payload.clear or payload.response_action == "clear") and true
end

local function note_end(self, payload)
  self.is_last = not stays_open(payload) and (clears(payload) or Submission.is_root(self.c.payload))
end

-- The deadline has closed the view.
local function note_deadline(self)
  local request = self.c.request
  if request.deadline_passed then
    self.answered = true
    note_end(self, nil)
  elseif request.acked then
    self.answered = true
  end
end

local function answer(self, payload)
  local ok, err = self.c:ack(payload)
  if ok then
    self.answered = true
    note_end(self, payload)
    return true
  end
  note_deadline(self)
  return nil, err
end

local function check(self, name, kind, value)
  if getmetatable(self) ~= Submission then
    error(("submission.%s: call it with a colon: submission:%s(…)"):format(name, name), 3)
  elseif kind and type(value) ~= "table" then
    error(("submission:%s: %s expected, got %s"):format(name, kind, type(value)), 3)
  end
end

---Shows what is wrong; the form stays open, and its next submission is waited for.
---@param errors table<string, string> texts by action_id or block_id
---@return true? ok
---@return slack.Error? err code "deadline": too late, it counts as accepted
function methods:reject(errors)
  check(self, "reject", "texts by action_id or block_id", errors)
  if next(errors) == nil then
    error("submission:reject: at least one text expected, got none", 2)
  end
  for name, text in pairs(errors) do
    if type(name) ~= "string" or type(text) ~= "string" then
      error(("submission:reject: %s: text expected, got %s"):format(tostring(name), type(text)), 2)
    end
  end
  return answer(self, { errors = errors })
end

---Accepts it: the view closes, or all of them with `{ clear = true }`. This is what happens
---when the loop goes on or ends and nothing else was said.
---@param payload? table what an ack of a submission may say
---@return true? ok
---@return slack.Error? err
function methods:accept(payload)
  check(self, "accept", payload ~= nil and "an answer or nothing", payload)
  return answer(self, payload)
end

---Replaces the view; the form goes on with it.
---@param view table
---@return true? ok
---@return slack.Error? err
function methods:update(view)
  check(self, "update", "a view", view)
  return answer(self, { update = Submission.prepare(view) })
end

---Puts another view above; the form goes on with both.
---@param view table
---@return true? ok
---@return slack.Error? err
function methods:push(view)
  check(self, "push", "a view", view)
  return answer(self, { push = Submission.prepare(view) })
end

---Accepts what has not been answered.
function methods:_settle()
  if not self.answered then
    note_deadline(self)
  end
  if not self.answered then
    answer(self, nil)
  end
end

return Submission
