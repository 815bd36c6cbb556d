-- A C client of its own and what it says, apart from the one that all Lua code shares.
local core = require "slack.core"

local OwnClient = {}
OwnClient.__index = OwnClient

local SOURCE <const> = 7

---@param settings? table for core.net
function OwnClient.new(settings)
  local self = setmetatable({ mailbox = core.mailbox(), poller = core.poller() }, OwnClient)
  self.net = assert(core.net(settings or { proxy = "" }))
  self.log = core.log(core.mailbox(), 0, "debug")
  self.client = assert(core.http_client(self.mailbox, SOURCE, self.log))
  self.poller:add(self.mailbox:fd())
  return self
end

---@return integer id
function OwnClient:request(settings)
  settings.net = settings.net or self.net
  return assert(self.client:request(settings))
end

---Source, kind, id, and the response or nil, message and code. Nothing else of this thread
---goes on meanwhile: servers of the spec's own process answer in C or not at all.
function OwnClient:next()
  local deadline = core.monotonic() + 60
  while core.monotonic() < deadline do
    local message = table.pack(self.mailbox:take())
    if message.n > 0 then
      return table.unpack(message, 1, message.n)
    end
    self.poller:wait(0.05, {})
  end
  error("the client says nothing", 2)
end

function OwnClient:close()
  self.client:close()
  self.poller:close()
  self.mailbox:close()
end

OwnClient.__close = OwnClient.close

return OwnClient
