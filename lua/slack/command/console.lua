-- `lua-slack console`

local columns = require "slack.command.columns"
local core = require "slack.core"
local link = require "slack.console.link"
local paint = require "slack.command.paint"
local place = require "slack.console.place"
local tasks = require "slack.tasks"

local HELP = [[
An expression is shown with what it gives; other Lua is run. A line that is not the end of
something goes on in the next one; an empty line gives it up. Calls that wait are waited for.

  app, client, store, slack     of the bot that runs
  fire "text"                   a message; fire { type = "app_mention", … } any event,
                                fire { command = "/name", text = "…", … } what it acks
  listeners(), scripts()        what is registered, what is loaded
  stats()                       counters
  log(level)                    the level of the log: "debug", "info", "warn", "error"
  inspect(value)                the text that is shown for a value
  .help, .exit (or Ctrl-D)      this text, the end
]]

-- Which one --------------------------------------------------------------------------------

-- Those that answer; what processes that were killed have left is removed.
local function running(terminal)
  local list = {}
  for _, path in ipairs(place.list(terminal.environment)) do
    local about, err = link.about(path)
    if about then
      list[#list + 1] = { path = path, about = about }
    elseif err.code == "connection" then
      os.remove(path)
    end
  end
  return list
end

local function age(seconds)
  seconds = math.floor(seconds)
  return seconds < 120 and ("%d s"):format(seconds) or seconds < 7200
    and ("%d min"):format(seconds // 60) or ("%d h"):format(seconds // 3600)
end

local function name_of(about)
  local name = type(about.name) == "string" and about.name or "-"
  return about.worker and ("%s (worker %s)"):format(name, about.worker) or name
end

local function show(list)
  local rows = { { "PID", "PROGRAM", "NAME", "PHASE", "AGE" } }
  for _, one in ipairs(list) do
    local about = one.about
    rows[#rows + 1] = {
      tostring(about.pid), columns.one_line(tostring(about.program or "-"), 60),
      columns.one_line(name_of(about), 40), tostring(about.phase),
      age(tonumber(about.seconds) or 0),
    }
  end
  return columns.format(rows)
end

local NONE = "no bot of this user runs with a console: start one by `lua-slack run`, or give the "
  .. "app the option console"

-- The one that is meant; or nil, the status, and why.
local function choose(word, terminal)
  if word and word:find "/" then
    return word
  end
  local list = running(terminal)
  if word then
    for _, one in ipairs(list) do
      if tostring(one.about.pid) == word then
        return one.path
      end
    end
    return nil, 1, ("no bot with the PID %s has a console here%s"):format(word,
      list[1] and ":\n" .. show(list):gsub("\n$", "") or "")
  elseif not list[1] then
    return nil, 1, NONE
  elseif list[2] then
    return nil, 2, ("which one? Give its PID:\n%s"):format(show(list):gsub("\n$", ""))
  end
  return list[1].path
end

-- Talking ------------------------------------------------------------------------------------

local function show_answer(terminal, answer)
  if answer.output ~= "" then
    terminal.write(columns.harmless(answer.output) .. "\n")
  end
  if type(answer.error) == "string" then
    terminal.complain(paint(terminal, 2, "red", columns.harmless(answer.error)) .. "\n")
  end
end

-- One line: what of the chunk is left over for the next one; nil and the error at the end.
local function take_line(link_to, terminal, text)
  local answer, err = link.run(link_to.path, link_to.session, text)
  if not answer then
    return nil, err
  elseif answer.is_incomplete then
    return text .. "\n"
  end
  show_answer(terminal, answer)
  return ""
end

local function talk(link_to, terminal)
  local begun = ""
  while true do
    local line = terminal.read_line(begun == "" and "> " or ">> ")
    local word = begun == "" and line and line:match "^%s*(%S*)%s*$"
    if not line or word == ".exit" then
      return 0
    elseif word == ".help" then
      terminal.write(HELP)
    elseif word == "" then
      begun = ""
    elseif begun ~= "" and not line:find "%S" then
      begun = ""
      terminal.complain "given up\n"
    else
      local left, err = take_line(link_to, terminal, begun .. line)
      if not left then
        return 1, err
      end
      begun = left
    end
  end
end

local function greet(link_to, terminal)
  local about, err = link.about(link_to.path)
  if about then
    terminal.complain(("%s, PID %s, %s; .help says what there is\n"):format(
      columns.one_line(tostring(about.program or about.name or "a bot"), 60), about.pid,
      about.phase))
  end
  return about ~= nil, err
end

local function run(given, terminal)
  local path, status, problem = choose(given.words[1], terminal)
  if not path then
    return status, problem
  end
  local link_to = { path = path, session = ("%d-%s"):format(core.pid(), core.time()) }
  if given.eval then
    local answer, err = link.run(path, link_to.session, given.eval)
    if answer then
      show_answer(terminal, answer.is_incomplete
        and { output = "", error = "the chunk is not complete" } or answer)
    end
    return answer and not answer.error and not answer.is_incomplete and 0 or 1, err
  end
  local ok, err = greet(link_to, terminal)
  if not ok then
    return 1, err
  end
  return talk(link_to, terminal)
end

return {
  summary = "a Lua prompt in a bot that runs: inspect, call, fire an event",
  words = "[PID | PATH]",
  notes = "PID is that of the bot; where one bot runs it can be left out. PATH is a socket that\n"
    .. "the app's option console names.\n\n" .. HELP,
  options = {
    { name = "list", text = "the bots that have a console" },
    { name = "eval", value = "CHUNK", text = "run this and end" },
  },
  run = function(given, terminal)
    if #given.words > 1 then
      return 2, ("one PID or PATH expected, got %d words"):format(#given.words)
    elseif given.list then
      local list = tasks.run(running, terminal)
      if list[1] then
        terminal.write(show(list))
      else
        terminal.complain(NONE .. "\n")
      end
      return 0
    end
    return tasks.run(run, given, terminal)
  end,
}
