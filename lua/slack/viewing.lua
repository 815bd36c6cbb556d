-- Views from a context: modals that are opened, stacked and changed, and home tabs.

local block_json = require "slack.blocks.json"
local calls = require "slack.context_calls"
local errors = require "slack.errors"
local payload = require "slack.payload"

local check_self, told = calls.check_self, calls.told

---@class slack.Context
local methods = {}

-- A view that cannot be sent is a mistake of the caller's.
local function check_view(view, name, level)
  if type(view) ~= "table" then
    error(("%s: a view expected, got %s"):format(name, type(view)), level + 1)
  end
  local text, problem = block_json.encode(view)
  if not text then
    error(("%s: view: %s"):format(name, problem), level + 1)
  end
end

local function show(c, view, name, method)
  local trigger_id, argument = payload.trigger_id(c.body)
  if not trigger_id then
    return told(c, name, nil, errors.new {
      code = "no_trigger",
      message = ("%s: nobody's click or command is behind this %s"):format(name, c.kind),
    })
  end
  return told(c, name, c.client.views[method] { [argument] = trigger_id, view = view })
end

---Opens a modal for the person whose click or command this is; within three seconds of it.
---@async
---@param view table
---@return table? answer of views.open
---@return slack.Error? err
function methods:open(view)
  check_self(self, "open")
  check_view(view, "c:open", 2)
  return show(self, view, "c:open", "open")
end

---Opens a modal on top of the one that was clicked in; within three seconds of it. After
---a submission { push = view } is the ack that does so.
---@async
---@param view table
---@return table? answer of views.push
---@return slack.Error? err
function methods:push(view)
  check_self(self, "push")
  check_view(view, "c:push", 2)
  return show(self, view, "c:push", "push")
end

---Shows a home tab to the person behind the trigger, at any time.
---@async
---@param view table of type "home"
---@return table? answer of views.publish
---@return slack.Error? err
function methods:publish(view)
  check_self(self, "publish")
  check_view(view, "c:publish", 2)
  local user_id = self.user_id
  if not user_id then
    return told(self, "c:publish", nil, errors.new {
      code = "no_user", message = "c:publish: nobody is behind this " .. self.kind
        .. ": use c.client.views.publish",
    })
  end
  return told(self, "c:publish", self.client.views.publish { user_id = user_id, view = view })
end

---c:update where the trigger stands in a view, which has been checked.
---@async
---@param c slack.Context
---@param view table
---@return table? answer of views.update
---@return slack.Error? err
local function update(c, view)
  return told(c, "c:update", c.client.views.update { view_id = c.view.id, view = view })
end

return { methods = methods, check = check_view, update = update }
