---@meta _

-- Slack's ids and other plain words that the annotations name.

---@alias slack.AppId string "A…"
---@alias slack.BotId string "B…"
---@alias slack.ChannelId string "C…", "G…" or "D…"; where a message is posted also "#name" or a user's id
---@alias slack.EnterpriseId string "E…"
---@alias slack.FileId string "F…"
---@alias slack.TeamId string "T…"
---@alias slack.UserId string "U…" or "W…"
---@alias slack.UsergroupId string "S…"

---A moment with microseconds as text, which names a message in its channel: "1767610730.128005".
---@alias slack.Ts string

---@alias slack.ChannelType "channel"|"group"|"im"|"mpim"|"app_home"

---@class slack.events.Event
---@field type string
---@field event_ts? slack.Ts
---@field [string] any
