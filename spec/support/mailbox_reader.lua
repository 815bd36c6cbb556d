-- Takes what parts in C put into a mailbox, by hand: in the specs of those parts no loop runs.
local core = require "slack.core"

local PATIENCE <const>, LOOK <const> = 60, 0.005 -- seconds

---@class support.MailboxReader
---@field mailbox slack.core.Mailbox
---@field handle fun(source: integer, ...) what is done with each message
local MailboxReader = {}
MailboxReader.__index = MailboxReader

---Takes all that is there.
---@param mailbox slack.core.Mailbox
---@param handle fun(source: integer, ...)
function MailboxReader.drain(mailbox, handle)
  local function go_on(source, ...)
    if source then
      handle(source, ...)
    end
    return source
  end
  while go_on(mailbox:take()) do end
end

---Takes one after the other until is_found(kind, ...); what comes after that stays.
---@param mailbox slack.core.Mailbox
---@param is_found fun(...): boolean?
function MailboxReader.take_until(mailbox, is_found)
  local poller <close> = core.poller()
  poller:add(mailbox:fd())
  local deadline = core.monotonic() + PATIENCE
  local function take(source, ...)
    return source ~= nil, source and is_found(...)
  end
  repeat
    local took, found = take(mailbox:take())
    if not took then
      assert(core.monotonic() < deadline, "waited in vain")
      poller:wait(0.1, {})
    end
  until found
end

---@param handle fun(source: integer, ...)
---@return support.MailboxReader reader with a mailbox of its own
function MailboxReader.new(handle)
  local self = setmetatable({ mailbox = core.mailbox(), poller = core.poller(), handle = handle },
    MailboxReader)
  self.poller:add(self.mailbox:fd())
  return self
end

function MailboxReader:take_all()
  MailboxReader.drain(self.mailbox, self.handle)
end

---Takes what comes until condition() is true, and returns what it gave.
---@generic T
---@param condition fun(): T?
---@param what? string
---@return T
function MailboxReader:wait(condition, what)
  local deadline = core.monotonic() + PATIENCE
  repeat
    self:take_all()
    local value = condition()
    if value then
      return value
    end
    self.poller:wait(LOOK, {})
  until core.monotonic() > deadline
  error(("waited in vain for %s"):format(what or "it"), 2)
end

function MailboxReader:close()
  self.poller:close()
  self.mailbox:close()
end

return MailboxReader
