-- The scopes that an app has where nobody has said which: what bots usually ask for.

return {
  "app_mentions:read", "assistant:write", "bookmarks:read", "bookmarks:write",
  "channels:history", "channels:join", "channels:manage", "channels:read", "chat:write",
  "chat:write.customize", "commands", "dnd:read", "emoji:read", "files:read", "files:write",
  "groups:history", "groups:read", "groups:write", "im:history", "im:read", "im:write",
  "links:read", "links:write", "metadata.message:read", "mpim:history", "mpim:read",
  "mpim:write", "pins:read", "pins:write", "reactions:read", "reactions:write", "team:read",
  "usergroups:read", "usergroups:write", "users.profile:read", "users:read", "users:read.email",
  "users:write",
}
