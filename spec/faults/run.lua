-- Does every fault to lua-slack and to Bolt for JavaScript, side by side, and prints what came
-- of it as a Markdown table. Ends with 1 when lua-slack lost an event, or handled one twice.
--
--   FAULTS_ONLY=silent   only faults in whose name this stands
--   FAULTS_CLIENTS=bolt  only these; lua-slack,bolt
--   FAULTS_SIDE=12       so many at a time
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
local json = require "slack.json"
local tasks = require "slack.tasks"

local ONLY = os.getenv "FAULTS_ONLY" or ""
local CLIENTS = os.getenv "FAULTS_CLIENTS" or "lua-slack,bolt"
local SIDE = math.tointeger(tonumber(os.getenv "FAULTS_SIDE" or 12))
local LOG = os.getenv "FAULTS_LOG"

local HEAD <const> = "| fault | lua-slack: noticed | back | lost | twice "
  .. "| Bolt %s: noticed | back | lost | twice |\n" .. ("| --- "):rep(9) .. "|"

local began = core.monotonic()

local function say(format, ...)
  io.stderr:write(("%4.0f s  "):format(core.monotonic() - began), format:format(...), "\n")
end

local function bolt_version()
  local ok, text = pcall(files.read, clients.MODULES .. "/bolt5/package.json")
  return ok and json.decode(text).version or nil
end

local function log_path(number, client)
  return LOG and ("%s/%02d-%s.log"):format(LOG, number, client) or "/dev/null"
end

local function start_trial(number, fault, client)
  local words = ("%s spec/faults/trial.lua %s %s"):format(
    child.interpreter(), Process.quote(fault.name), client)
  return Process.start((fault.needs_network and OwnNetwork.enter() or "") .. words, {
    environment = { FAULTS_LOG = log_path(number, client) },
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

local function cells(result)
  if not result then
    return "failed | | | "
  end
  return ("%s | %s | %d | %d"):format(seconds(result.detect),
    result.recover and seconds(result.recover) or "never", result.lost, result.doubled)
end

-- Trials in the order of the list, so many at a time.
local function run_all(jobs)
  local next_job, running = 1, {}
  local function work()
    while jobs[next_job] do
      local job = jobs[next_job]
      next_job = next_job + 1
      local trial = start_trial(job.number, job.fault, job.client)
      job.result = result_of(trial, job.client .. ", " .. job.fault.name)
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

local function main()
  local version = bolt_version()
  local names = {}
  for name in CLIENTS:gmatch "[%w-]+" do
    if name ~= "bolt" or version then
      table.insert(names, name)
    end
  end
  local jobs, results = {}, {}
  local no_network = OwnNetwork.missing()
  for number, fault in ipairs(faults) do
    if fault.needs_network and no_network then
      say("%s: left out: %s", fault.name, no_network)
    elseif fault.name:find(ONLY, 1, true) then
      for _, client in ipairs(names) do
        local job = { number = number, fault = fault, client = client }
        table.insert(jobs, job)
        results[client .. number] = job
      end
    end
  end
  run_all(jobs)
  print(HEAD:format(version or "(not installed: make test-peers)"))
  local spoilt = false
  for number, fault in ipairs(faults) do
    local ours, bolt = results["lua-slack" .. number], results["bolt" .. number]
    if ours then
      local ok = ours.result and ours.result.lost == 0 and ours.result.doubled == 0
        and ours.result.recover
      spoilt = spoilt or not ok
      print(("| %s | %s | %s |"):format(fault.name, cells(ours.result),
        bolt and cells(bolt.result) or " | | |"))
    end
  end
  say("%d trials", #jobs)
  return spoilt and 1 or 0
end

os.exit(tasks.run(main))
