-- Read by lua-language-server alone: what it says of each line stands behind it.
local slack = require "slack"

local app = slack.app {}
local client = slack.client {}

-- What a number is assigned to tells the type of what is assigned.
---@type integer
local number -- luacheck: ignore

app:event("reaction_added", function(c)
  number = c.event.reaction --> cast-local-type
  c:say(c.event.item.channel)
  c:shout "Hello" --> undefined-field
end)

app:event("member_joined_channel", slack.ignore_self, function(c)
  number = c.event.inviter --> cast-local-type
end)

app:message("hello", slack.ignore_self, function(c)
  number = c.message.text --> cast-local-type
end)

app:message(function(c)
  number = c.message.ts --> cast-local-type
end)

app:command("/deploy", function(c)
  number = c.command.text --> cast-local-type
end)

app:command("/order", { concurrency = 2 }, slack.ignore_self, {
  ["new THING"] = function(c)
    number = c.command.command --> cast-local-type
  end,
})

app:every("5m", function(c)
  number = c.is_enterprise_install --> cast-local-type
end)

app:at("09:00", { tz = "UTC" }, function(c)
  number = c.is_enterprise_install --> cast-local-type
end)

app:action({ action_id = "approve" }, function(c)
  number = c.action.action_id --> cast-local-type
end)

app:shortcut("later", function(c)
  number = c.shortcut.callback_id --> cast-local-type
end)

app:view("order", function(c)
  number = c.view.private_metadata --> cast-local-type
end)

app:options("cities", function(c)
  number = c.options.value --> cast-local-type
end)

app:func("approve", function(c)
  number = c.event.function_execution_id --> cast-local-type
end)

client.chat.postMessage { text = "to nobody" } --> missing-fields
client.chat.postMessage { channel = "C1", text = "fine", blocks = { slack.blocks.divider() } }
client.views.open { trigger_id = "1", view = slack.blocks.modal { title = "t", blocks = {} } }
number = slack.blocks.header "Title" --> cast-local-type
number = slack.blocks.rich.user "U1" --> cast-local-type
slack.blocks.haeder "Title" --> undefined-field
client.channels.list {} --> deprecated
client.chat.psotMessage {} --> undefined-field
client.chat.scheduledMessages.list()
client.calls["end"] { id = "R1" }

local sent = client.chat.postMessage { channel = "C1" }
number = sent.ts --> cast-local-type need-check-nil

local info = assert(client.users.info { user = "U1" })
number = info.user.profile.status_text --> cast-local-type
number = info.user.shoe_size --> undefined-field
number = info.user.tz_offset

local _, err = client:call("conversations.history", { channel = "C1" })
number = err and err.code --> cast-local-type

for page in client:pages("conversations.list", {}) do
  number = page.channels[1].name --> cast-local-type
end

for user in client:each "users.list" do
  number = user.id --> cast-local-type
end

-- Names that are not known: newer methods, and names in variables.
local name = os.getenv "METHOD" or ""
client:call(name, { anything = 1 })
client:call "some.newMethod"
for page in client:pages(name) do print(page.ok) end
for user in client:each(client.users.list) do print(user) end
for item in client:each("some.newMethod", {}) do print(item) end
-- Those that are known stay exact.
client:call("chat.postMessage", { text = "x" }) --> missing-fields
client:call("users.info", { user = 5 }) --> assign-type-mismatch
local named = client:call("users.info", { user = "U1" })
print(named.user) --> need-check-nil
number = named and named.user.shoe_size --> cast-local-type undefined-field
client:call("users.list", { limit = "x" }) --> assign-type-mismatch

local results = assert(slack.all { function() return 1 end })
number = results.n
number = results.count --> undefined-field

-- What keeps data and deliveries.
slack.app { storage = "redis://host", role = "boss" } --> assign-type-mismatch
number = assert(app.inbox:list { state = "dead", limit = 20 })[1].error --> cast-local-type
app.inbox:list { state = "deaf" } --> assign-type-mismatch
app.inbox:retyr "all" --> undefined-field
number = assert(app.inbox:stats()).in_hand
number = assert(app:state("karma", { points = 1 }, { durable = true })).points
assert(app.store:batch(function(b)
  b:set("member", { karma = 2 }, { if_absent = true })
  b:get "member" --> undefined-field
end))
for key in app.store:scan("member:", { limit = 3 }) do
  number = key --> cast-local-type
end
