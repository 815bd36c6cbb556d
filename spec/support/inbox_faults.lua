-- What can befall bots with a durable inbox, each with as many events and for as long as is
-- asked: a little in the specs, a lot in `make soak`. Each runs on a trial (inbox_trial.lua)
-- and gives back what it measured; the trial has the account.
local core = require "slack.core"
local files = require "support.files"
local tasks = require "slack.tasks"

local M = {}

-- Ends the sending, and waits until nothing is left to do.
local function finish(trial, bots, patience)
  trial:stop_sending()
  trial:settle(patience)
  for _, bot in ipairs(bots) do
    local status = trial:stop(bot)
    assert(status == 0, ("a bot ended with status %d: %s"):format(status, bot:output():sub(-2000)))
  end
end

---Kills one of some bots at random moments, also while it starts, and starts another one at
---once.
---@async
---@param trial table
---@param options { kills: integer, rate: number, longest: number, bots: integer?,
---  told: fun(kills: integer)? } longest: seconds from one kill to the next; bots: 1
function M.kill_again_and_again(trial, options)
  local bots = {}
  for i = 1, options.bots or 1 do
    bots[i] = trial:start_bot()
  end
  trial:wait_up(bots[1])
  trial:begin_sending(options.rate)
  for i = 1, options.kills do
    tasks.sleep(math.random() * options.longest)
    local which = math.random(#bots)
    trial:kill(bots[which])
    bots[which] = trial:start_bot()
    if options.told then
      options.told(i)
    end
  end
  for _, bot in ipairs(bots) do
    trial:wait_up(bot)
  end
  finish(trial, bots)
end

---Stops a bot gracefully under load, and starts another one each time, as a rolling restart
---does.
---@async
---@param trial table
---@param options { stops: integer, rate: number, seconds: number } seconds of each bot's life
function M.stop_again_and_again(trial, options)
  local bot = trial:start_bot()
  trial:wait_up(bot)
  trial:begin_sending(options.rate)
  for _ = 1, options.stops do
    tasks.sleep(options.seconds)
    local status = trial:stop(bot)
    assert(status == 0, ("it ended with status %d: %s"):format(status, bot:output():sub(-2000)))
    bot = trial:start_bot()
    trial:wait_up(bot)
  end
  finish(trial, { bot })
end

---Something happens to the store for a while, under load, and ends again.
---@async
---@param trial table
---@param options { rate: number, begin: fun(), seconds: number, stop: fun(), says: string? }
---  says: a pattern that a line of the bot's log has to match while it lasts
---@return number seconds from its end until the first event was acked
---@return table bot
function M.interrupt_store(trial, options)
  local bot = trial:start_bot()
  trial:wait_up(bot)
  trial:begin_sending(options.rate)
  trial:wait("events that were acked", function() return trial.acked >= 5 end)
  options.begin()
  local stalled_at = core.monotonic()
  tasks.sleep(options.seconds)
  if options.says then
    trial:wait("a line " .. options.says, function() return bot:output():find(options.says) end)
  end
  trial:look()
  local acked = trial.acked
  options.stop()
  local began = core.monotonic()
  trial:wait("acks again", function() return trial.acked > acked end)
  local back = core.monotonic() - began
  assert(bot:is_running(), bot:output())
  finish(trial, { bot })
  return back, bot, began - stalled_at
end

---Two bots share the events; one is killed for good.
---@async
---@param trial table
---@param options { rate: number, seconds: number } seconds of load before it
---@return number seconds from the kill until all that it had was handled by the other one
---@return integer taken_over events
function M.lose_a_worker(trial, options)
  local first, second = trial:start_bot(), trial:start_bot()
  trial:wait_up(first)
  trial:wait_up(second)
  trial:begin_sending(options.rate)
  tasks.sleep(options.seconds)
  trial:kill(first)
  local killed = core.monotonic()
  finish(trial, { second })
  local latest, count = killed, 0
  for id, of_id in pairs(trial.handlings) do
    local last = of_id[#of_id]
    if trial.acked_at[id] < killed and last.ended > killed and last.retry > 0 then
      count, latest = count + 1, math.max(latest, last.ended)
    end
  end
  return latest - killed, count
end

---A small file system of its own, when this process may mount one.
---@param size string "8m"
---@return { path: string, fill: fun(left: integer), free: fun() }? disk closed by its value's end
---@return string? why there is none
function M.small_disk(size)
  local directory = files.temporary()
  local ok, output = files.run(("mount -t tmpfs -o size=%s tmpfs %s"):format(size, directory.path))
  if not ok then
    getmetatable(directory).__close(directory)
    return nil, "no file system can be mounted here: " .. output:match "[^\n]*"
  end
  local ballast = directory.path .. "/ballast"
  return setmetatable({
    path = directory.path,
    fill = function()
      files.run(("dd if=/dev/zero of=%s bs=4k"):format(ballast))
    end,
    free = function()
      os.remove(ballast)
    end,
  }, { __close = function()
    files.run("umount -l " .. directory.path)
    getmetatable(directory).__close(directory)
  end })
end

return M
