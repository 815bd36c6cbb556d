-- What the methods of a context, of a message and of a client need besides their names: the
-- Web API methods that they call, and what else has to be switched on for them.

---@class slack.manifest.Helper
---@field methods? string[] of the Web API
---@field is_interactive? boolean it shows what people click or fill in
---@field hears? boolean it waits for a message
---@field has_home? boolean it shows a home tab
---@field as? string how it is told of; "c:NAME"

local POSTS = { "chat.postMessage" }
local THREADS = "assistant.threads."

---@type table<string, slack.manifest.Helper>
return {
  say = { methods = POSTS },
  reply = { methods = POSTS },
  update = { methods = { "chat.update" } },
  react = { methods = { "reactions.add" } },
  permalink = { methods = { "chat.getPermalink" }, as = "message:permalink" },
  upload = { methods = { "files.getUploadURLExternal", "files.completeUploadExternal" } },
  download = { methods = { "files.info" }, as = "client:download" },
  respond = {},
  open = { methods = { "views.open" }, is_interactive = true },
  push = { methods = { "views.push" }, is_interactive = true },
  publish = { methods = { "views.publish" }, has_home = true },
  ask = { methods = POSTS, hears = true },
  choose = { methods = { "chat.postMessage", "chat.update" }, is_interactive = true },
  form = { methods = { "views.open", "views.update" }, is_interactive = true },
  wait = {},
  status = { methods = { THREADS .. "setStatus" } },
  title = { methods = { THREADS .. "setTitle" } },
  prompts = { methods = { THREADS .. "setSuggestedPrompts" } },
  stream = { methods = { "chat.startStream", "chat.appendStream", "chat.stopStream" } },
  complete = { methods = { "functions.completeSuccess" } },
  fail = { methods = { "functions.completeError" } },
}
