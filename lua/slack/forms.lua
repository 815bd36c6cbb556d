-- c:form: a modal whose submissions are iterated over, so that what is wrong with one can be
-- said at its fields and the next is waited for.

local Submission = require "slack.submission"
local Wait = require "slack.wait"
local Waits = require "slack.waits"
local loop = require "slack.loop"
local own_ids = require "slack.own_ids"
local stale = require "slack.stale"
local tasks = require "slack.tasks"
local wait_options = require "slack.wait_options"

-- Seconds between two submissions, unless the call says otherwise.
local TIMEOUT = 3600
-- Seconds, fewer than Slack waits, after which a submission that came while its handler was
-- busy is looked at again.
local LOOK_AGAIN = 1

---@class slack.FormConversation
---@field view? table as views.open gave it back
---@field why? "submitted"|"closed"|"timeout" it is over
---@field c slack.Context
---@field wait slack.Wait what comes for its views
---@field queue slack.Context[] submissions that nobody has looked at
---@field current? slack.Submission
---@field task? slack.Task that was the last to do something with it
local Form = {}
Form.__index = Form
Form.__name = "slack.form_conversation"

local M = { Form = Form }

-- What comes -----------------------------------------------------------------------------

local function wake(self)
  local waiter = self.waiter
  if waiter then
    self.waiter = nil
    waiter:resolve(true)
  end
end

-- It takes no more. What is left unanswered says so to the person.
local function stop(self, why)
  if self.why then
    return
  end
  self.why = why
  Waits.of(self.c):remove(self.wait)
  if self.timer then
    self.timer:cancel()
    self.timer = nil
  end
  for _, c in ipairs(self.queue) do
    Waits.give_back(c)
  end
  self.queue = {}
  wake(self)
end

local function expire(self)
  self.timer = nil
  stop(self, "timeout")
  if self.view then
    tasks.spawn(stale.show, self.c, self.view)
  end
end

local function restart_timer(self)
  if self.timer then
    self.timer:cancel()
  end
  self.timer = self.timeout and loop.after(self.timeout, expire, self) or nil
end

-- Its handler has ended, by an error for instance, before it came to the loop: nobody is
-- going to look at what was submitted.
local function stop_if_left(self)
  if self.task and self.task.done and not self.waiter then
    stop(self, "closed")
  end
end

-- All that comes for its views, in place of being taken by a task.
local function receive(wait, c)
  local self = wait.form
  Waits.adopt(wait, c)
  if c.type == "view_submission" then
    table.insert(self.queue, c)
    restart_timer(self)
    if self.waiter then
      wake(self)
    else
      stop_if_left(self)
      loop.after(LOOK_AGAIN, stop_if_left, self)
    end
  else
    c:ack()
    if c.body.is_cleared == true or Submission.is_root(c.payload) then
      stop(self, "closed")
    end
  end
  return true
end

local function is_for_it()
  return 2
end

-- Opening ----------------------------------------------------------------------------------

-- All its views have the root in common, which is known now.
local function find_by_root(self, view)
  local waits, wait = Waits.of(self.c), self.wait
  self.view = view
  local root = view.root_view_id or view.id
  if root and not self.why then
    waits:remove(wait)
    wait.id = root
    waits:add(wait)
  end
end

---Opens a form.
---@async
---@param c slack.Context
---@param view table
---@param timeout? number
---@return slack.FormConversation? form
---@return slack.Error? err
function M.open(c, view, timeout)
  local prepared = Submission.prepare(view)
  local self = setmetatable({
    c = c, timeout = timeout, queue = {}, task = tasks.current(),
  }, Form)
  self.wait = {
    c = c, kind = "view", id = prepared.external_id, test = is_for_it, turn_away = receive,
    form = self,
  }
  Waits.of(c):add(self.wait)
  local guard <close> = setmetatable({ form = self }, { __close = function(guard)
    if guard.form then
      stop(guard.form, "closed")
    end
  end })
  if not own_ids.of(prepared.external_id) then
    Wait.await_told(self.wait)
  end
  local answer, err = c:open(prepared)
  if not answer then
    return nil, err
  end
  guard.form = nil
  find_by_root(self, answer.view or {})
  restart_timer(self)
  return self
end

local OPTIONS = { timeout = true }

---Checks what c:form is given.
---@param view any
---@param options any
---@return number? timeout
---@return string? problem
function M.read(view, options)
  if type(view) ~= "table" then
    return nil, "a view expected, got " .. type(view)
  elseif view.type ~= nil and view.type ~= "modal" then
    return nil, ('type: "modal" expected, got %q'):format(tostring(view.type))
  elseif options ~= nil and type(options) ~= "table" then
    return nil, "options: a table expected, got " .. type(options)
  end
  local ok, problem = wait_options.check_names(options or {}, OPTIONS)
  if not ok then
    return nil, problem
  end
  return wait_options.timeout((options or {}).timeout, TIMEOUT)
end

-- Submissions -----------------------------------------------------------------------------

-- A second click on its button may be on its way.
local function note_end(self, view)
  local id = own_ids.of(view.external_id)
  if id then
    Waits.of(self.c):note_end(id)
  end
end

-- The loop goes on or ends: what it has not answered is accepted.
local function settle(self)
  local current = self.current
  self.current = nil
  if current then
    current:_settle()
    if current.is_last then
      note_end(self, current.view)
      stop(self, "submitted")
    end
  end
end

-- A task that is cancelled while it waits leaves its form.
local Waiting = {
  __close = function(self)
    Wait.leave(self.form.c)
    if not self.has_ended then
      stop(self.form, "closed")
    end
  end,
}

local function await(self)
  Wait.enter(self.c)
  local waiting <close> = setmetatable({ form = self, has_ended = false }, Waiting)
  self.waiter = tasks.waiter()
  self.waiter:await()
  waiting.has_ended = true
end

---Waits for the next submission; accepts the one before if that has no answer yet.
---@async
---@return slack.Submission? submission
---@return "submitted"|"closed"|"timeout"|nil why there is no more
function Form:next()
  self.task = tasks.current()
  settle(self)
  while not self.queue[1] and not self.why do
    await(self)
  end
  if self.why then
    return nil, self.why
  end
  local submission = Submission.new(table.remove(self.queue, 1))
  self.current = submission
  return submission
end

local function has_failed(err)
  local task = tasks.current()
  return err ~= nil or task ~= nil and task.cancelled == true
end

---Takes no more submissions. One that has no answer is accepted; after an error, refused.
---@param err? any
function Form:close(err)
  local current = self.current
  if current and not current.answered and has_failed(err) then
    self.current = nil
    self.c.app.dispatch:refuse(current.c.request, "failed")
  end
  settle(self)
  stop(self, "closed")
end

Form.__close = Form.close

---The submissions, one after another, for a loop that ends when one was accepted, the form
---was closed or the time is over; form.why says which. Leaving the loop in another way ends
---the form.
---@return fun(form: slack.FormConversation): slack.Submission? next
---@return slack.FormConversation form
---@return nil
---@return slack.FormConversation form to be closed
function Form:submissions()
  return Form.next, self, nil, self
end

---Replaces the first view from outside of a submission: one that was opened to gain time,
---for instance.
---@async
---@param view table
---@return table? answer of views.update
---@return slack.Error? err
function Form:update(view)
  if type(view) ~= "table" then
    error("form:update: a view expected, got " .. type(view), 2)
  end
  local prepared = Submission.prepare(view)
  self.task = tasks.current()
  return self.c.client.views.update { view_id = self.view.id, view = prepared }
end

return M
