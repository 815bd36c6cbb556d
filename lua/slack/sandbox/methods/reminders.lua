-- Methods about reminders, which persons' tokens have. Nobody is reminded here: they are kept.

local json = require "slack.json"
local new_id = require "slack.sandbox.new_id"

local MAX_SECONDS <const> = 5 * 365 * 24 * 3600
local UNITS <const> = { second = 1, minute = 60, hour = 3600, day = 86400, week = 7 * 86400 }

---@type table<string, slack.sandbox.Method>
local methods = {}

-- Seconds since the epoch: given so, as seconds from now, or as "in 20 minutes".
local function time_of(value, now)
  local number = math.tointeger(tonumber(value))
  if number then
    return number < 86400 and now + number or number
  end
  local count, unit = tostring(value):lower():match "^in%s+(%w+)%s+(%l-)s?$"
  count = count and (count == "a" or count == "an") and 1 or tonumber(count)
  if count and UNITS[unit] then
    return now + math.floor(count * UNITS[unit])
  elseif tostring(value):lower() == "tomorrow" then
    return (now // 86400 + 1) * 86400 + 9 * 3600
  end
end

methods["reminders.add"] = function(workspace, call)
  local args, now = call.args, math.floor(workspace.clock())
  local user_id = args.user or call.user_id
  local time = time_of(args.time, now)
  if not workspace.users[user_id] then
    return nil, "user_not_found"
  elseif workspace.users[user_id].is_bot then
    return nil, "cannot_add_bot"
  elseif not time or time < now or time > now + MAX_SECONDS then
    return nil, "cannot_parse"
  end
  local reminder = {
    id = new_id "Rm", creator = call.user_id, user = user_id, text = tostring(args.text),
    recurring = false, time = time, complete_ts = 0,
  }
  table.insert(workspace.reminders, reminder)
  return { reminder = reminder }
end

-- A method about one of the caller's.
local function on_reminder(fn)
  return function(workspace, call)
    for position, reminder in ipairs(workspace.reminders) do
      if reminder.id == call.args.reminder
        and (reminder.creator == call.user_id or reminder.user == call.user_id) then
        return fn(workspace, call, reminder, position)
      end
    end
    return nil, "not_found"
  end
end

methods["reminders.info"] = on_reminder(function(_, _, reminder)
  return { reminder = reminder }
end)

methods["reminders.complete"] = on_reminder(function(workspace, call, reminder)
  if reminder.user ~= call.user_id then
    return nil, "cannot_complete_others"
  end
  reminder.complete_ts = math.floor(workspace.clock())
  return {}
end)

methods["reminders.delete"] = on_reminder(function(workspace, _, _, position)
  table.remove(workspace.reminders, position)
  return {}
end)

methods["reminders.list"] = function(workspace, call)
  local found = json.list {}
  for _, reminder in ipairs(workspace.reminders) do
    if reminder.creator == call.user_id or reminder.user == call.user_id then
      found[#found + 1] = reminder
    end
  end
  return { reminders = found }
end

return methods
