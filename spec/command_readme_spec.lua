-- Every line of README.md that calls `lua-slack` is run, and every mention of it is understood.
local arguments = require "slack.command.arguments"
local command = require "slack.command"
local files = require "support.files"
local live_app = require "support.live_app"
local lua_slack = require "support.lua_slack"
local opened_store = require "support.opened_store"
local sandbox = require "support.local_slack"
local tasks = require "slack.tasks"

local README = files.read "README.md"

local function words_of(line)
  local words = {}
  for word in line:gsub("%s+#.*$", ""):gsub("%s*>.*$", ""):gmatch "%S+" do
    table.insert(words, word)
  end
  table.remove(words, 1)
  return words
end

-- Lines of shell blocks.
local function shell_lines()
  local lines, seen = {}, {}
  for block in README:gmatch "\n```sh\n(.-)\n```" do
    for line in block:gmatch "[^\n]+" do
      if line:find "^lua%-slack " and not seen[line] then
        seen[line] = true
        table.insert(lines, line)
      end
    end
  end
  return lines
end

-- The command that words name, and the words behind it; nil when there is none.
local function find(words)
  local found, at = command.ROOT, 1
  while found.commands do
    local module
    for _, entry in ipairs(found.commands) do
      module = entry[1] == words[at] and entry[2] or module
    end
    if not module then
      return nil
    end
    found, at = require(module), at + 1
  end
  return found, table.move(words, at, #words, 1, {})
end

-- Until it has said so, or ended; then Ctrl-C.
local function run_until(process, text)
  live_app.wait(function() return process:output():find(text) or not process:is_running() end)
  process:signal "INT"
  live_app.wait(function() return not process:is_running() end)
  return process:wait(), process:output()
end

local ENDLESS = { run = "running", sandbox = "its page: http" }

describe("README", function()
  local directory, here

  setup(function()
    directory = files.temporary()
    here = assert(io.popen "pwd"):read "l"
    assert.equal(0, (lua_slack.run(directory.path, { "new", "demo" })))
    tasks.run(function()
      opened_store.with_store("sqlite:" .. directory.path .. "/demo/bot.db", function(store)
        store:set("a", 1)
      end)
    end)
  end)

  teardown(function()
    getmetatable(directory).__close(directory)
  end)

  local function run_endless(words, text)
    local status, output
    tasks.run(function()
      local slack_here <close> = assert(sandbox.start())
      local folder = words[#words]:find "^examples/" and here or directory.path .. "/demo"
      local environment = words[1] == "run" and {
        SLACK_API_URL = slack_here.api_url, SLACK_BOT_TOKEN = slack_here.bot_token,
        SLACK_APP_TOKEN = slack_here.app_token, SSL_CERT_FILE = slack_here.ca_file,
      } or nil
      local process <close> = lua_slack.start(folder, words, environment)
      if words[1] == "run" then
        assert(slack_here:wait_connections(1, 20), process:output())
        slack_here:command { user = "ada", command = "/lunch" }
      end
      status, output = run_until(process, text)
    end)
    return status, output
  end

  for _, line in ipairs(shell_lines()) do
    it("has `" .. line:gsub("%s%s.*$", "") .. "`, which works as it stands there", function()
      local words = words_of(line)
      local status, output
      if ENDLESS[words[1]] then
        status, output = run_endless(words, ENDLESS[words[1]])
      elseif words[1] == "new" then
        status, output = lua_slack.run(directory.path, { "new", words[2] .. "2" })
      else
        status, output = lua_slack.run(directory.path .. "/demo", words,
          { SLACK_STORAGE = "sqlite:bot.db" })
      end
      local is_of_ids = words[1] == "inbox" and words[3] and words[3]:find "^%d"
      assert.equal(is_of_ids and 1 or 0, status, output)
      assert.falsy(output:find("stack traceback", 1, true), output)
    end)
  end

  it("names no command and no option that there is not", function()
    local count = 0
    for mention in README:gmatch "`(lua%-slack [^`]*)`" do
      local line = mention:gsub("\\|", "|"):gsub("[%[%]{}|]", " ")
      local found, rest = find(words_of(line))
      assert.truthy(found, mention)
      local flags = {}
      for _, word in ipairs(rest or {}) do
        local name = word:match "^(%-%-[%w-]+)"
        table.insert(flags, name)
      end
      local known = { ["--help"] = true, ["--"] = true }
      for _, option in ipairs(found.options or {}) do
        known["--" .. option.name] = true
      end
      for _, flag in ipairs(flags) do
        assert.truthy(known[flag], mention .. " has " .. flag)
      end
      count = count + 1
    end
    assert.is_true(count > 10)
  end)

  it("has each command in the table of them", function()
    local function check(list, path)
      for _, entry in ipairs(list) do
        local one = require(entry[2])
        if one.commands then
          check(one.commands, path .. " " .. entry[1])
        else
          assert.truthy(README:find("\n| `" .. path .. " " .. entry[1], 1, true),
            path .. " " .. entry[1])
        end
      end
    end
    check(command.ROOT.commands, "lua-slack")
  end)
end)

describe("the help of lua-slack", function()
  local function each(list, path, fn)
    for _, entry in ipairs(list) do
      local one = require(entry[2])
      fn(one, path .. " " .. entry[1])
      each(one.commands or {}, path .. " " .. entry[1], fn)
    end
  end

  local function help_of(path)
    local words, written = {}, {}
    for word in path:gmatch "%S+" do
      table.insert(words, word)
    end
    table.remove(words, 1)
    table.insert(words, "--help")
    assert.equal(0, command.run(words, {
      write = function(text) table.insert(written, text) end,
    }))
    return table.concat(written)
  end

  it("is of one style, and fits into a terminal", function()
    each(command.ROOT.commands, "lua-slack", function(one, path)
      assert.falsy(one.summary:find "%.$" or one.summary:find "^%u%l", path .. ": " .. one.summary)
      for _, option in ipairs(one.options or {}) do
        assert.falsy(option.text:find "%.$", path .. " --" .. option.name)
        assert.falsy(option.check == nil and option.value and option.value:find "%l", path)
      end
      for line in help_of(path):gmatch "[^\n]+" do
        assert.is_true(utf8.len(line) <= 100, path .. ": " .. line)
      end
      assert.truthy(not one.notes or one.notes:find "\n$", path)
    end)
  end)

  it("is given for a command that stands alone, too", function()
    assert.same({ words = {} }, arguments.read({ words = "x" }, {}))
    assert.truthy(help_of "lua-slack":find("usage: lua-slack COMMAND", 1, true))
  end)
end)
