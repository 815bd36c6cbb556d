-- `lua-slack inbox`

return {
  summary = "what a durable inbox holds: list it, retry it, drop it",
  commands = {
    { "list", "slack.command.inbox_list" },
    { "retry", "slack.command.inbox_retry" },
    { "drop", "slack.command.inbox_drop" },
  },
}
