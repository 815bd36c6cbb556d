-- A cron string and the rules of a time zone, a line each: times that go on and on, or what is
-- wrong with them.
local TimeZone = require "slack.time_zone"
local cron = require "slack.cron"

local START <const>, TIMES <const> = 1772323200, 2

-- A name that is unknown is compared with those of all files, which would take most of the time.
local function environment(name)
  return name == "TZDIR" and "/nowhere" or nil
end

local function zone_of(text)
  local zone, problem = TimeZone.load(text, environment)
  if not zone then
    assert(type(problem) == "string" and problem ~= "")
    return TimeZone.load "UTC"
  end
  return zone
end

return function(data)
  local text, name = data:match "^([^\n]*)\n?([^\n]*)"
  -- Names would be files.
  local zone = zone_of(name:find "[,%d]" and not name:find "/" and name or "UTC")
  local offset, from, till = zone:period(START)
  assert(math.type(offset) == "integer")
  assert((from or START) <= START and (till or START + 1) > START)
  cron.is_like(text)
  local timetable, problem = cron.parse(text)
  if not timetable then
    assert(type(problem) == "string" and problem ~= "")
    return
  end
  local at = START
  for _ = 1, TIMES do
    local next_at = timetable:next(at, zone)
    if not next_at then
      return
    end
    -- A minute begins with that of the zone, whose offset may have seconds, or as its clock is
    -- put forward over that.
    local next_offset, since = zone:period(next_at)
    assert(next_at > at and ((next_at + next_offset) % 60 == 0 or next_at == since))
    at = next_at
  end
end
