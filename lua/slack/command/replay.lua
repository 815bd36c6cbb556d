-- `lua-slack replay`

local Player = require "slack.recording.player"
local arguments = require "slack.command.arguments"
local bot = require "slack.command.bot"
local choice = require "slack.command.replay_choice"
local columns = require "slack.command.columns"
local core = require "slack.core"
local json = require "slack.json"
local paint = require "slack.command.paint"
local program = require "slack.program"
local reader = require "slack.recording.reader"
local watch = require "slack.command.replay_watch"

local SHOWN = 160 -- characters of a value

local FATES = {
  unmatched = "no listener is for it", duplicate = "it came before: passed over",
  ignored = "the bot's own doing: passed over", unknown = "no listener is for what is unknown",
}

-- Telling of one delivery -------------------------------------------------------------------

local function shown(value)
  if value == nil then
    return "none"
  end
  return columns.one_line(json.encode(value) or tostring(value), SHOWN)
end

-- Of two tables the fields that differ, one a line.
local function differing(player, recorded, new)
  local parts = {}
  for _, one in ipairs { recorded, new } do
    for name in pairs(one) do
      if not parts[name] and not player.answers:is_same(recorded[name], new[name]) then
        parts[name] = true
        table.insert(parts, ("%s %s, recorded %s"):format(name, shown(new[name]),
          shown(recorded[name])))
      end
    end
  end
  table.sort(parts)
  return table.concat(parts, "; ")
end

local function call_text(player, call)
  if call.state == "same" then
    return "same"
  elseif call.state == "new" then
    return "not in the recording: it got the error not_recorded; " .. shown(call.args)
  end
  return "other: " .. differing(player, call.recorded.args, call.args)
end

local function ack_text(report)
  local recorded = report.delivery.ack
  if report.is_ack_same then
    return "same"
  end
  return ("other: %s, recorded %s"):format(report.refused or shown(report.ack),
    recorded.refused or shown(recorded.payload))
end

local function missing_text(call)
  return "recorded, and not called now: " .. shown(call.args)
end

local function rows_of(player, report)
  local rows = {}
  local function add(name, text, color)
    table.insert(rows, { name, text, color })
  end
  for _, listener in ipairs(report.listeners) do
    add(listener:written_at(), ("app:%s%s"):format(listener.method, listener.what))
  end
  if report.resumed then
    add("-", "a handler that waited for it goes on")
  end
  if not report.delivery.acked and report.delivery.ack then
    add("ack", ack_text(report), not report.is_ack_same and "yellow")
  end
  for _, call in ipairs(report.calls) do
    add(call.method, call_text(player, call), call.state ~= "same" and "yellow")
  end
  for _, call in ipairs(report.missing) do
    add(call.method, missing_text(call), "yellow")
  end
  for _, what in ipairs(report.outside) do
    add("fetch", what .. ": not asked in a replay", "yellow")
  end
  if report.is_running then
    add("-", "a handler is not at its end after 10 minutes of its time", "red")
  end
  return rows
end

local function write(self, color, text)
  self.terminal.write((color and paint(self.terminal, 1, color, text) or text) .. "\n")
end

local function tell(self, report)
  local title = ("%d  %s"):format(report.delivery.n, choice.title(report.delivery))
  local rows, fate = rows_of(self.player, report), FATES[report.fate]
  write(self, rows[1] and "bold", title .. (fate and ": " .. fate or ""))
  for _, row in ipairs(rows) do
    write(self, row[3], ("   %s  %s"):format(row[1], row[2]))
  end
  for _, failure in ipairs(report.errors) do
    local text = core.redact(failure.message .. failure.traceback)
    write(self, "red", "   error  " .. columns.harmless(text):gsub("\n", "\n   "))
  end
end

-- Of handlers that were still waiting when it was their turn.
local function tell_rest(self)
  local rest = self.player:rest()
  for _, report in ipairs(rest) do
    for _, call in ipairs(report.missing) do
      write(self, "yellow", ("%d  %s: %s  %s"):format(report.delivery.n,
        choice.title(report.delivery), call.method, missing_text(call)))
    end
  end
end

-- All of them -------------------------------------------------------------------------------

local function is_other(report)
  if not report.is_ack_same or report.missing[1] or report.outside[1] then
    return true
  end
  for _, call in ipairs(report.calls) do
    if call.state ~= "same" then
      return true
    end
  end
  return false
end

local function play_all(self, chosen)
  local counts = { same = 0, other = 0, failed = 0 }
  for _, delivery in ipairs(chosen) do
    local report = self.player:play(delivery)
    local state = (report.errors[1] or report.is_running) and "failed"
      or is_other(report) and "other" or "same"
    counts[state] = counts[state] + 1
    tell(self, report)
  end
  tell_rest(self)
  self.terminal.write(("%d %s: %d as recorded, %d other, %d failed\n"):format(#chosen,
    #chosen == 1 and "delivery" or "deliveries", counts.same, counts.other, counts.failed))
  return counts.failed == 0 and 0 or 1
end

local function choose(recording, only)
  local chosen = {}
  for _, delivery in ipairs(recording.deliveries) do
    if not only or only(delivery) then
      table.insert(chosen, delivery)
    end
  end
  return chosen
end

local function start(self, given, path)
  local loaded, err = program.load(path, { arguments = given.rest })
  if not loaded then
    bot.complain(self.terminal, err, path, given.env)
    return nil
  end
  local app = loaded.apps[1]
  app.log:set_level(given.log or "off")
  local player = Player.new(app, self.recording, function(line)
    self.terminal.complain(line .. "\n")
  end)
  local ok
  ok, err = player:start()
  local problem = ok and app.scripts and app.scripts:problems()[1]
  if not ok or problem then
    self.terminal.complain(paint(self.terminal, 2, "red", "lua-slack: "
      .. (problem and ("%s does not load: %s"):format(problem.script, problem.message)
        or tostring(err))) .. "\n")
    player:close()
    return nil
  end
  return player
end

local function run(given, terminal, recording, path)
  local chosen = choose(recording, given.only)
  if not chosen[1] then
    return 1, #recording.deliveries == 0 and "the recording has no deliveries"
      or ("none of the %d deliveries is chosen by --only"):format(#recording.deliveries)
  end
  local self = { terminal = terminal, recording = recording }
  self.player = start(self, given, path)
  if not self.player then
    return 1
  end
  local closing <close> = self.player -- luacheck: ignore 211
  return play_all(self, chosen)
end

return {
  summary = "gives recorded traffic to a bot's handlers again, without a network",
  words = "FILE [BOT] [-- ARGUMENT…]",
  takes_rest = true,
  notes = "FILE is what `lua-slack run --record=FILE` wrote.\n" .. bot.NOTES .. "\n"
    .. "Calls of the Web API get the recorded answers, in their order; others fail with\n"
    .. "not_recorded. It says which handlers ran, and what they answer and call otherwise than\n"
    .. "they did. 1 is its status when a handler failed.\n",
  options = {
    {
      name = "only", value = "WHAT", check = choice.parse,
      text = "event, command, interaction, a type, a name, numbers: command,3-5,/lunch",
    },
    {
      name = "log", value = "LEVEL", text = "show what the bot logs, from this level on",
      check = arguments.one_of("debug", "info", "warn", "error"),
    },
    { name = "watch", text = "again whenever a Lua file beside the bot is saved" },
    bot.ENV_OPTION,
  },
  run = function(given, terminal)
    local file = table.remove(given.words, 1)
    local path, problem
    if file then
      path, problem = bot.path(given.words)
    end
    if not path then
      return 2, problem or "FILE expected: what `lua-slack run --record=FILE` wrote"
    end
    if given.watch then
      return watch.run(terminal, path, file)
    end
    local recording, err = reader.read(file)
    if not recording then
      return err.code == "missing" and 2 or 1, err.message
    end
    local _, failure = bot.read_environment(path, given.env)
    if failure then
      return 2, failure.message
    end
    return run(given, terminal, recording, path)
  end,
}
