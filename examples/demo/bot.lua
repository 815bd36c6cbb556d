-- examples/hello as a process of its own, from a copy whose files may be edited.

local core = require "slack.core"
local tasks = require "slack.tasks"

---@class demo.Bot
---@field directory string of the copy that runs
---@field log_file string
---@field started_at number seconds of the monotonic clock
---@field pipe file*
---@field pid integer
local Bot = {}
Bot.__index = Bot
Bot.__name = "demo.bot"

local SOURCE = "examples/hello"

local function read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write_file(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Ctrl-C is for this program: os.execute would ignore it, and the command end by it.
local function execute(command)
  return io.popen("trap '' INT; " .. command, "r"):close()
end

local function copy_example(directory)
  assert(execute(("cp -R %s/. %s"):format(SOURCE, quote(directory))))
end

---@param slack_here slack.Sandbox where it is to connect to
---@param interpreter string
function Bot.start(slack_here, interpreter)
  local directory = assert(core.temporary_directory())
  copy_example(directory)
  local self = setmetatable({ directory = directory, log_file = directory .. "/log" }, Bot)
  local environment = {
    SLACK_API_URL = slack_here.api_url,
    SLACK_BOT_TOKEN = slack_here.bot_token,
    SLACK_APP_TOKEN = slack_here.app_token,
    SSL_CERT_FILE = slack_here.ca_file,
  }
  local words = { "echo $$; exec env" }
  for name, value in pairs(environment) do
    table.insert(words, name .. "=" .. quote(value))
  end
  table.insert(words, ("%s %s/bot.lua 2>%s"):format(interpreter, quote(directory),
    quote(self.log_file)))
  self.started_at = core.monotonic()
  self.pipe = assert(io.popen(table.concat(words, " "), "r"))
  self.pid = assert(self.pipe:read "n", "the bot did not start")
  return self
end

---@param name string of a handler script
function Bot:path(name)
  return self.directory .. "/handlers/" .. name
end

---Saves a handler script with all of `from` replaced by `to`.
function Bot:edit(name, from, to)
  local path = self:path(name)
  write_file(path, (read_file(path):gsub(from, to)))
end

---What the bot has logged.
---@return string
function Bot:log()
  local file <close> = io.open(self.log_file, "rb")
  return file and file:read "a" or ""
end

---Waits for a line of the log that has all of these words in it.
---@async
---@param after integer bytes of the log that do not count
---@return string? line nil after the time
function Bot:wait_log(after, timeout, ...)
  local words = { ... }
  local last = core.monotonic() + timeout
  repeat
    for line in self:log():sub(after + 1):gmatch "([^\n]+)\n" do
      local has_all = true ---@type any
      for _, word in ipairs(words) do
        has_all = has_all and line:find(word, 1, true)
      end
      if has_all then
        return line
      end
    end
    tasks.sleep(0.005)
  until core.monotonic() > last
end

---Asks it to end; collect tells how it went.
function Bot:stop()
  execute(("kill -TERM %d 2>/dev/null"):format(self.pid))
end

---Waits for its end (blocks) and removes its files.
---@return integer status of the process
function Bot:collect()
  if self.pipe then
    local _, _, status = self.pipe:close()
    self.pipe = nil
    execute("rm -rf " .. quote(self.directory))
    self.status = status
  end
  return self.status
end

function Bot:__close()
  if self.pipe then
    self:stop()
    self:collect()
  end
end

return Bot
