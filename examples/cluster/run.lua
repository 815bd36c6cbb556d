-- A cluster in one terminal: starts a Redis, two receivers and two workers beside a local
-- Slack, gives them jobs, kills a worker in the middle of some, and shows how the other takes
-- them over. Ends by itself, with 0 when nothing was lost. It needs redis-server.
--
--   lua5.4 examples/cluster/run.lua
--
-- JOBS      how many, 40; at least 20, so that both workers have some when one is killed
-- SECONDS   that each takes, 0.5
-- LEASE     seconds after which a dead worker's jobs are taken over, 2

local here = arg[0]:match "^(.*)/" or "."
package.path = here .. "/?.lua;" .. package.path

local Member = require "member"
local core = require "slack.core"
local sandbox = require "slack.sandbox"
local tasks = require "slack.tasks"

local JOBS = math.tointeger(tonumber(os.getenv "JOBS") or 40)
local SECONDS = tonumber(os.getenv "SECONDS") or 0.5
local LEASE = tonumber(os.getenv "LEASE") or 2
local START_WITHIN <const>, STEP <const> = 20, 0.02
local PATIENCE = 30 + LEASE + JOBS * SECONDS

local began = core.monotonic()

local function tell(format, ...)
  print(("%6.1f s  %s"):format(core.monotonic() - began, format:format(...)))
  io.stdout:flush()
end

local function wait_for(what, timeout, condition)
  local deadline = core.monotonic() + timeout
  while not condition() do
    if core.monotonic() > deadline then
      error(what .. " did not happen", 0)
    end
    tasks.sleep(STEP)
  end
end

-- The cluster --------------------------------------------------------------------

local function start_redis(directory)
  local socket = directory .. "/redis.sock"
  local redis = Member.start(directory, "Redis",
    ("redis-server --port 0 --unixsocket %s --dir %s --save '' --appendonly yes"):format(
      socket, directory))
  wait_for("the start of Redis (is redis-server installed?)", START_WITHIN, function()
    return redis:log():find "eady to accept connections"
  end)
  return redis, "redis+unix://" .. socket
end

local function start_bot(stage, role, number)
  local slack_here = stage.slack
  return Member.start(stage.directory, ("%s %d"):format(role, number),
    ("%s %s/bot.lua"):format(arg[-1] or "lua5.4", here), {
      NAME = ("%s %d"):format(role, number), ROLE = role, STORAGE = stage.storage,
      LEASE = LEASE, SECONDS = SECONDS,
      SLACK_API_URL = slack_here.api_url, SSL_CERT_FILE = slack_here.ca_file,
      SLACK_BOT_TOKEN = slack_here.bot_token, SLACK_APP_TOKEN = slack_here.app_token,
      SLACK_SIGNING_SECRET = "", SLACK_TRANSPORT = "",
    })
end

local function start_bots(stage)
  for _, role in ipairs { "receiver", "worker" } do
    for number = 1, 2 do
      table.insert(stage.bots, start_bot(stage, role, number))
    end
  end
  for _, bot in ipairs(stage.bots) do
    wait_for("the start of " .. bot.name, START_WITHIN, function()
      return bot:log():find "running"
    end)
  end
  wait_for("a connection of each receiver", START_WITHIN, function()
    return #stage.slack:connections() == 2
  end)
end

-- Jobs ---------------------------------------------------------------------------

-- What the messages in #general tell of each job: who works on it, who has done it how often.
local function look(stage)
  local jobs = {}
  for i = 1, stage.sent do
    jobs[i] = { done = 0, working = {} }
  end
  for _, message in ipairs(stage.slack:messages "general") do
    local number, text = message.text:match "^job (%d+): (.*)"
    local job = number and jobs[tonumber(number)]
    local worker = job and text:match "^done by (worker %d)"
    if worker then
      job.done, job.by, job.again = job.done + 1, worker, text:match ", again: (.*)"
    elseif job then
      job.working[text:match "^(worker %d)" or text] = true
    end
  end
  return jobs
end

local function count(jobs, matches)
  local found = 0
  for _, job in ipairs(jobs) do
    found = found + (matches(job) and 1 or 0)
  end
  return found
end

local function in_hands_of(jobs, worker)
  return count(jobs, function(job) return job.done == 0 and job.working[worker] end)
end

local function done_by(jobs, worker)
  return count(jobs, function(job) return job.by == worker end)
end

local function tell_progress(stage)
  local jobs = look(stage)
  for number = 1, 2 do
    local worker = "worker " .. number
    tell("  %s: %d done, %d in its hands", worker, done_by(jobs, worker),
      in_hands_of(jobs, worker))
  end
end

local function send(stage, count_to)
  while stage.sent < count_to do
    stage.sent = stage.sent + 1
    stage.slack:say { text = "job " .. stage.sent, channel = "general" }
  end
end

-- The play -----------------------------------------------------------------------

local function kill_worker(stage)
  local victim = stage.bots[3]
  wait_for("the next jobs of " .. victim.name, PATIENCE, function()
    local jobs = look(stage)
    return done_by(jobs, victim.name) > 0 and in_hands_of(jobs, victim.name) > 0
  end)
  tasks.sleep(SECONDS / 2) -- between what ends one job and what begins another
  tell_progress(stage)
  victim:finish "KILL"
  stage.killed_at = core.monotonic()
  tell("%s is killed (kill -9), with %d jobs in its hands.", victim.name,
    in_hands_of(look(stage), victim.name))
  tell("The rest of the jobs comes meanwhile. Its lease of %g s runs.", LEASE)
end

local function is_taken_over(job)
  return job.working["worker 2"] and job.working["worker 1"] or job.again
end

local function watch_takeover(stage)
  wait_for("the takeover", PATIENCE, function() return count(look(stage), is_taken_over) > 0 end)
  stage.took = core.monotonic() - stage.killed_at
  tell("worker 2 takes over what worker 1 had, %.1f s after its end.", stage.took)
  wait_for("the end of all jobs", PATIENCE, function()
    return count(look(stage), function(job) return job.done == 0 end) == 0
  end)
  tell_progress(stage)
end

local function sum_up(stage)
  local jobs = look(stage)
  local lost = count(jobs, function(job) return job.done == 0 end)
  local taken_over = count(jobs, function(job) return job.again end)
  local twice = count(jobs, function(job) return job.done > 1 end)
  print(("\n%d jobs: %d lost, %d taken over after %.1f s (lease %g s), %d done twice."):format(
    #jobs, lost, taken_over, stage.took, LEASE, twice))
  return lost == 0
end

local function play(stage)
  tell("Redis, with its file, and a local Slack are there.")
  start_bots(stage)
  tell("receiver 1, receiver 2 are connected to Slack, and handle nothing;")
  tell("worker 1, worker 2 handle what is in the inbox, in Redis, and know")
  tell("nothing of Slack's connections.")
  tell("%d jobs come, each of %g s, four at a time for a worker. Receivers", JOBS, SECONDS)
  tell("ack them once they are stored, long before they are done.")
  send(stage, JOBS - JOBS // 3)
  kill_worker(stage)
  send(stage, JOBS)
  watch_takeover(stage)
  for _, bot in ipairs(stage.bots) do
    bot:finish "TERM"
  end
  return sum_up(stage)
end

local Directory = {}

function Directory:__close()
  io.popen("rm -rf '" .. self.path .. "'", "r"):close()
end

local Bots = {}

function Bots:__close()
  for _, bot in ipairs(self) do
    bot:finish "KILL"
  end
end

local function main()
  if not os.execute "command -v redis-server >/dev/null" then
    error("this needs redis-server: apt-get install redis-server", 0)
  end
  local path = assert(core.temporary_directory())
  local directory <close> = setmetatable({ path = path }, Directory)
  local slack_here <close> = assert(sandbox.start { bot_name = "cluster" })
  local redis <close>, storage = start_redis(directory.path)
  local bots <close> = setmetatable({}, Bots)
  local stage = {
    directory = directory.path, slack = slack_here, redis = redis, storage = storage, bots = bots,
    sent = 0,
  }
  local ok, result = pcall(play, stage)
  if not ok then
    io.stderr:write("FAILED: ", tostring(result), "\n")
    for _, bot in ipairs(bots) do
      io.stderr:write("-- ", bot.name, "\n", bot:log())
    end
  end
  return ok and result
end

-- Ctrl-C is an error, too; what was started has been ended by then.
local ok, result = pcall(tasks.run, main)
if not ok then
  io.stderr:write(tostring(result):find "interrupted!$" and "" or tostring(result), "\n")
end
os.exit(ok and result and 0 or 1, true)
