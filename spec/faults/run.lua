-- Does every fault to lua-slack and to Bolt for JavaScript, side by side, and prints what came
-- of it as a Markdown table. Ends with 1 when lua-slack lost an event, or handled one twice.
--
--   FAULTS_ONLY=silent   only faults in whose name this stands
--   FAULTS_CLIENTS=bolt  only these; lua-slack,bolt
--   FAULTS_SIDE=12       so many at a time
--   FAULTS_ROUNDS=3      each so often: times are medians then, with the least and the most
--   FAULTS_LOG=folder    keeps what each program wrote
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path
package.cpath = (os.getenv "SLACK_CORE_DIR" or "build") .. "/?.so;" .. package.cpath

local OwnNetwork = require "support.own_network"
local Process = require "support.process"
local child = require "support.child"
local clients = require "faults.clients"
local core = require "slack.core"
local faults = require "faults.faults"
local files = require "support.files"
local flat = require "support.flat"
local json = require "slack.json"
local tasks = require "slack.tasks"

local ONLY = os.getenv "FAULTS_ONLY" or ""
local CLIENTS = os.getenv "FAULTS_CLIENTS" or "lua-slack,bolt"
local LOG = os.getenv "FAULTS_LOG"

local HEAD <const> = "| fault | lua-slack: noticed | back | lost | twice "
  .. "| Bolt %s: noticed | back | lost | twice |\n" .. ("| --- "):rep(9) .. "|"

local began = core.monotonic()

local function say(format, ...)
  io.stderr:write(("%4.0f s  "):format(core.monotonic() - began), format:format(...), "\n")
end

local function refuse(format, ...)
  io.stderr:write("faults: ", format:format(...), "\n")
  os.exit(2, true)
end

local function count_of(name, default)
  local count = math.tointeger(tonumber(os.getenv(name) or default))
  if not count or count < 1 then
    refuse("%s: a whole number of at least 1 expected", name)
  end
  return count
end

local SIDE, ROUNDS = count_of("FAULTS_SIDE", 12), count_of("FAULTS_ROUNDS", 1)

local function bolt_version()
  local ok, text = pcall(files.read, clients.MODULES .. "/bolt5/package.json")
  return ok and json.decode(text).version or nil
end

local function log_path(job, round)
  return LOG and ("%s/%02d-%s-%d.log"):format(LOG, job.number, job.client, round) or "/dev/null"
end

local function start_trial(job, round)
  local words = ("%s spec/faults/trial.lua %s %s"):format(
    child.interpreter(), Process.quote(job.fault.name), job.client)
  return Process.start((job.fault.needs_network and OwnNetwork.enter() or "") .. words, {
    environment = { FAULTS_LOG = log_path(job, round) },
  })
end

local function result_of(trial, what)
  while trial:is_running() do
    tasks.sleep(0.2)
  end
  local output = trial:output()
  Process.__close(trial)
  local result = json.decode(output:match "([^\n]+)\n*$" or "")
  if type(result) ~= "table" then
    say("%s: it did not end well: %s", what, output)
    return nil
  end
  say("%s: %s", what, output:match "([^\n]+)\n*$")
  return result
end

local function seconds(value)
  return value == nil and "–"
    or value < 0.1 and ("%.0f ms"):format(value * 1000)
    or ("%.1f s"):format(value)
end

-- What a time was in each round.
local function times(results, name)
  local values = {}
  for _, result in ipairs(results) do
    table.insert(values, result[name])
  end
  if #values < 2 then
    return seconds(values[1])
  end
  return ("%s (%s–%s)"):format(seconds(flat.median(values)),
    seconds(math.min(table.unpack(values))), seconds(math.max(table.unpack(values))))
end

local function sum(results, name)
  local all = 0
  for _, result in ipairs(results) do
    all = all + result[name]
  end
  return all
end

local function cells(job)
  if #job.results < ROUNDS then
    return "failed | | | "
  end
  local is_back = true
  for _, result in ipairs(job.results) do
    is_back = is_back and result.recover ~= nil
  end
  return ("%s | %s | %d | %d"):format(times(job.results, "detect"),
    is_back and times(job.results, "recover") or "never", sum(job.results, "lost"),
    sum(job.results, "doubled"))
end

-- Whether all rounds ended as they must.
local function is_right(job)
  for _, result in ipairs(job.results) do
    if result.lost > 0 or result.doubled > 0 or not result.recover then
      return false
    end
  end
  return #job.results == ROUNDS
end

-- Round by round, and in a round in the order of the list; so many at a time.
local function run_all(jobs)
  local next_trial, running = 0, {}
  local function work()
    while next_trial < ROUNDS * #jobs do
      local round, job = next_trial // #jobs + 1, jobs[next_trial % #jobs + 1]
      next_trial = next_trial + 1
      local trial = start_trial(job, round)
      table.insert(job.results, result_of(trial, job.client .. ", " .. job.fault.name))
    end
  end
  for _ = 1, SIDE do
    table.insert(running, tasks.spawn(work))
    tasks.sleep(0.3) -- what all need at their start is not measured
  end
  for _, worker in ipairs(running) do
    worker:join()
  end
end

local function chosen_clients(version)
  local names = {}
  for name in CLIENTS:gmatch "[%w-]+" do
    if name ~= "lua-slack" and name ~= "bolt" then
      refuse('FAULTS_CLIENTS=%s: "lua-slack", "bolt" or both expected', CLIENTS)
    elseif name ~= "bolt" or version then
      table.insert(names, name)
    end
  end
  return names
end

-- What came of lua-slack, in one line.
local function verdict(jobs)
  local lost, twice, wrong = 0, 0, {}
  for _, job in ipairs(jobs) do
    if job.client == "lua-slack" then
      lost, twice = lost + sum(job.results, "lost"), twice + sum(job.results, "doubled")
      wrong[#wrong + 1] = not is_right(job) and job.fault.name or nil
    end
  end
  return ("%d trials; lua-slack: %d lost, %d twice%s"):format(ROUNDS * #jobs, lost, twice,
    #wrong > 0 and "; FAILED: " .. table.concat(wrong, "; ") or "")
end

local function main()
  local version = bolt_version()
  local names = chosen_clients(version)
  local jobs, rows = {}, {}
  local no_network = OwnNetwork.missing()
  for number, fault in ipairs(faults) do
    if fault.needs_network and no_network then
      say("%s: left out: %s", fault.name, no_network)
    elseif fault.name:find(ONLY, 1, true) then
      local row = { fault = fault }
      for _, client in ipairs(names) do
        row[client] = { number = number, fault = fault, client = client, results = {} }
        table.insert(jobs, row[client])
      end
      table.insert(rows, row)
    end
  end
  if not jobs[1] then
    refuse("FAULTS_ONLY=%s, FAULTS_CLIENTS=%s: nothing is left to be done", ONLY, CLIENTS)
  end
  say("%d trials, %d at a time; each takes a minute or two, and five more when Slack has to send "
    .. "again what nobody acknowledged", ROUNDS * #jobs, SIDE)
  run_all(jobs)
  print(HEAD:format(version or "(not installed: make test-peers)"))
  local spoilt = false
  for _, row in ipairs(rows) do
    local ours, bolt = row["lua-slack"], row.bolt
    spoilt = spoilt or ours and not is_right(ours)
    print(("| %s | %s | %s |"):format(row.fault.name, ours and cells(ours) or " | | |",
      bolt and cells(bolt) or " | | |"))
  end
  say("%s", verdict(jobs))
  return spoilt and 1 or 0
end

os.exit(tasks.run(main))
