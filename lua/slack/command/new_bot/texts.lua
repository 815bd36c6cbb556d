-- Files of a new bot that are no Lua: text by path; NAME is its name.

return {
  [".gitignore"] = [[
.env
*.db
*.db-*
*.jsonl
]],
  [".env.example"] = [[
# Copy this to .env and fill it in: `lua-slack run` reads it. Keep .env to yourself.

# OAuth & Permissions > Bot User OAuth Token
SLACK_BOT_TOKEN=

# Basic Information > App-Level Tokens, with the scope connections:write
SLACK_APP_TOKEN=

# Instead of the app-level token, for HTTP: Basic Information > Signing Secret
# SLACK_SIGNING_SECRET=
]],
  ["README.md"] = [[
# NAME

A Slack bot, made with `lua-slack new`.

| to | do |
| --- | --- |
| talk to it without Slack | `lua-slack sandbox`, then open the page that it names |
| change it | edit a file in `handlers/` and save: the next answer is the new one |
| test it | `lua5.4 spec/bot_spec.lua`, or `busted --lua=lua5.4` |
| run it in Slack | see below, then `lua-slack run` |
| see why it does not run | `lua-slack doctor` |
| know what it needs of Slack | `lua-slack manifest` |
| keep what happens | `lua-slack run --record traffic.jsonl` |
| have it happen again | `lua-slack replay traffic.jsonl` |

In the local Slack say *hello* or *book a table*, or type `/lunch`.

## In Slack

1. https://api.slack.com/apps > Create New App > From a manifest: paste `manifest.json`.
2. Install it to the workspace.
3. `install -m 600 .env.example .env`, and fill in the two tokens, as the file says where they are.
4. `lua-slack run`, and `/invite @NAME` into a channel.

When handlers listen for more, `lua-slack manifest --diff manifest.json` says what is missing there.
]],
}
