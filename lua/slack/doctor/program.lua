-- The bot's own files: its program, its scripts, its .env.

-- Others than the owner may read or write it; write it.
local OTHERS <const>, OTHERS_WRITE <const> = 63, 18

-- Who can write to it is the bot: its scripts are run as soon as they are saved.
local function check_writers(case, path, report)
  local stamp, _, mode = case.stat(path)
  if stamp and mode & OTHERS_WRITE ~= 0 then
    report:warning(("%s may be written by others on this machine (mode %03o), and what they write "
      .. "runs with the bot's tokens"):format(path, mode), ("chmod -R go-w %s"):format(path))
  end
end

local function check_program(case, report)
  local err = case.program_error
  check_writers(case, case.path, report)
  if not err then
    return report:ok(("%s makes %d app%s"):format(case.path, #case.program.apps,
      #case.program.apps == 1 and "" or "s"))
  elseif err.code == "no_program" then
    return report:problem(err.message, "name the bot's file: lua-slack doctor BOT; the checks "
      .. "below take what the environment says")
  end
  report:problem(err.message, err.code == "no_app"
    and "let the program run its app, which is where it is looked at"
    or "mend that line; the checks below take what the environment says")
end

local function check_scripts(case, report)
  for _, app in ipairs(case.program and case.program.apps or {}) do
    local scripts = app.scripts
    local problems = scripts and scripts:problems() or {}
    if scripts and not case.scripts_error then
      check_writers(case, app.settings.scripts, report)
    end
    for _, problem in ipairs(problems) do
      report:problem(problem.message, ("mend %s: it is not loaded, the others are"):format(
        problem.script))
    end
    if scripts and case.scripts_error then
      report:problem(case.scripts_error.message, 'check the option "scripts": it is relative to '
        .. "the working directory")
    elseif scripts and not problems[1] then
      local count = 0
      for _ in pairs(scripts:stats().generations) do
        count = count + 1
      end
      report:ok(("%d script%s in %s"):format(count, count == 1 and "" or "s",
        app.settings.scripts))
    end
  end
end

local function check_env_file(case, report)
  local stamp, _, mode = case.stat(case.env_file)
  if case.env_error then
    report:problem(case.env_error.message, "mend that line, or name another file: --env=FILE")
  end
  if not stamp then
    return
  elseif mode & OTHERS ~= 0 then
    return report:warning(("%s may be read by others on this machine (mode %03o)"):format(
      case.env_file, mode), ("chmod 600 %s"):format(case.env_file))
  elseif not case.env_error then
    report:ok(("%s is for its owner alone"):format(case.env_file))
  end
end

return {
  { name = "program", run = check_program },
  { name = "scripts", run = check_scripts },
  { name = ".env", run = check_env_file },
}
