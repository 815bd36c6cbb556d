local TimeZone = require "slack.time_zone"
local at_times = require "slack.at_times"
local calendar = require "slack.calendar"

describe("times as people write them", function()
  -- Sunday, 1 March 2026, 12:00.
  local START <const> = calendar.day_number(2026, 3, 1) * 86400 + 12 * 3600

  local function next_of(text, count)
    local zone, after, list = assert(TimeZone.load "UTC"), START, {}
    local timetable = assert(at_times.parse(text))
    for i = 1, count do
      after = timetable:next(after, zone)
      if not after then
        break
      end
      list[i] = os.date("!%a %d %b %H:%M", after):gsub("^(%a+) 0", "%1 ")
    end
    return list
  end

  for text, expected in pairs {
    ["09:00"] = { "Mon 2 Mar 09:00", "Tue 3 Mar 09:00" },
    ["9:05"] = { "Mon 2 Mar 09:05" },
    [" 12:00 "] = { "Mon 2 Mar 12:00" },
    ["12:01,00:00"] = { "Sun 1 Mar 12:01", "Mon 2 Mar 00:00", "Mon 2 Mar 12:01" },
    ["Mon 09:00"] = { "Mon 2 Mar 09:00", "Mon 9 Mar 09:00" },
    ["monday,FRI 09:00"] = { "Mon 2 Mar 09:00", "Fri 6 Mar 09:00" },
    ["Mon-Wed 09:00"] = { "Mon 2 Mar 09:00", "Tue 3 Mar 09:00", "Wed 4 Mar 09:00",
      "Mon 9 Mar 09:00" },
    ["Sat-Mon 13:00"] = { "Sun 1 Mar 13:00", "Mon 2 Mar 13:00", "Sat 7 Mar 13:00" },
    ["Sun-Sat 13:00"] = { "Sun 1 Mar 13:00", "Mon 2 Mar 13:00", "Tue 3 Mar 13:00" },
    ["1st 08:00"] = { "Wed 1 Apr 08:00", "Fri 1 May 08:00" },
    ["1st,15th 08:00"] = { "Sun 15 Mar 08:00", "Wed 1 Apr 08:00" },
    ["31st 08:00"] = { "Tue 31 Mar 08:00", "Sun 31 May 08:00" },
    ["last 18:00"] = { "Tue 31 Mar 18:00", "Thu 30 Apr 18:00", "Sun 31 May 18:00" },
    ["15th,last 18:00"] = { "Sun 15 Mar 18:00", "Tue 31 Mar 18:00" },
    ["Mon,3rd 09:00"] = { "Mon 2 Mar 09:00", "Tue 3 Mar 09:00", "Mon 9 Mar 09:00" },
    ["2026-12-24 18:00"] = { "Thu 24 Dec 18:00" },
    ["23:59"] = { "Sun 1 Mar 23:59" },
    ["2026-12-01 00:00"] = { "Tue 1 Dec 00:00" },
    ["2026-02-28 18:00"] = {},
  } do
    it("are due then: " .. text, function()
      assert.same(expected, next_of(text, math.max(#expected, 1)))
    end)
  end

  for text, problem in pairs {
    ["Mon 24:00"] = 'when: a time from 00:00 to 23:59 expected, got "24:00" in "Mon 24:00"',
    ["09:60"] = "a time from 00:00 to 23:59",
    ["09:00,"] = 'got "" in "09:00,"',
    ["Mon 9"] = 'when: "09:00", "Mon 09:00", ',
    ["9am"] = 'or a cron string expected, got "9am"',
    [""] = "or a cron string expected",
    ["Moon 09:00"] = 'days like Mon, Mon-Fri, 1st, last or 2026-12-24 expected, got "Moon"',
    ["mo 09:00"] = "days like Mon",
    ["32nd 09:00"] = "days like Mon",
    ["2026-02-29 09:00"] = "days like Mon",
    ["2026-2-1 09:00"] = "days like Mon",
    ["2026-13-01 09:00"] = "days like Mon",
    ["2026-00-01 09:00"] = "days like Mon",
    ["2026-01-00 09:00"] = "days like Mon",
    ["Mon, Tue 09:00"] = 'got "Mon, Tue 09:00"',
  } do
    it("are refused: " .. text, function()
      local timetable, message = at_times.parse(text)
      assert.is_nil(timetable)
      assert.matches(problem, message, 1, true)
    end)
  end
end)
