local TimeZone = require "slack.time_zone"
local cron = require "slack.cron"

local BERLIN <const> = "CET-1CEST,M3.5.0,M10.5.0/3"

describe("cron strings", function()
  local function at(year, month, day, hour, minute)
    local calendar = require "slack.calendar"
    return (calendar.day_number(year, month, day) * 24 + (hour or 0)) * 3600 + (minute or 0) * 60
  end

  -- The next moments after a time, as its clocks show them.
  local function next_of(text, after, count, zone_name)
    local zone = assert(TimeZone.load(zone_name or "UTC"))
    local timetable, list = assert(cron.parse(text)), {}
    for i = 1, count do
      after = timetable:next(after, zone)
      local clock = after + zone:period(after)
      list[i] = os.date("!%a %d %b %H:%M", clock):gsub("^(%a+) 0", "%1 ")
    end
    return list
  end

  -- Sunday, 1 March 2026.
  local START <const> = at(2026, 3, 1)

  for text, expected in pairs {
    ["0 9 * * *"] = { "Sun 1 Mar 09:00", "Mon 2 Mar 09:00" },
    ["*/20 9 * * *"] = { "Sun 1 Mar 09:00", "Sun 1 Mar 09:20", "Sun 1 Mar 09:40",
      "Mon 2 Mar 09:00" },
    ["5/25 9 * * *"] = { "Sun 1 Mar 09:05", "Sun 1 Mar 09:30", "Sun 1 Mar 09:55" },
    ["0 8-10/2,17 * * *"] = { "Sun 1 Mar 08:00", "Sun 1 Mar 10:00", "Sun 1 Mar 17:00" },
    ["30 * * * *"] = { "Sun 1 Mar 00:30", "Sun 1 Mar 01:30" },
    ["*/59 9 * * *"] = { "Sun 1 Mar 09:00", "Sun 1 Mar 09:59", "Mon 2 Mar 09:00" },
    ["*/30 * * * 1"] = { "Mon 2 Mar 00:00", "Mon 2 Mar 00:30" },
    ["* * * * *"] = { "Sun 1 Mar 00:01", "Sun 1 Mar 00:02" },
    ["0 9 * * 1-5"] = { "Mon 2 Mar 09:00", "Tue 3 Mar 09:00", "Wed 4 Mar 09:00",
      "Thu 5 Mar 09:00", "Fri 6 Mar 09:00", "Mon 9 Mar 09:00" },
    ["0 9 * * MON,thu"] = { "Mon 2 Mar 09:00", "Thu 5 Mar 09:00" },
    ["0 9 * * 7"] = { "Sun 1 Mar 09:00", "Sun 8 Mar 09:00" },
    ["0 9 * * 5-7"] = { "Sun 1 Mar 09:00", "Fri 6 Mar 09:00", "Sat 7 Mar 09:00" },
    ["0 0 31 * *"] = { "Tue 31 Mar 00:00", "Sun 31 May 00:00" },
    ["0 0 1 JAN,jun *"] = { "Mon 1 Jun 00:00", "Fri 1 Jan 00:00" },
    ["0 0 29 2 *"] = { "Tue 29 Feb 00:00", "Sun 29 Feb 00:00" },
    ["@daily"] = { "Mon 2 Mar 00:00", "Tue 3 Mar 00:00" },
    ["@Hourly"] = { "Sun 1 Mar 01:00", "Sun 1 Mar 02:00" },
    ["@weekly"] = { "Sun 8 Mar 00:00" },
    ["@monthly"] = { "Wed 1 Apr 00:00" },
    ["@yearly"] = { "Fri 1 Jan 00:00" },
    ["  0\t9  *  *  * "] = { "Sun 1 Mar 09:00" },
  } do
    it("are due when crontab's are: " .. text, function()
      assert.same(expected, next_of(text, START, #expected))
    end)
  end

  it("go by the days of their zone, west of Greenwich as well", function()
    assert.same({ "Mon 2 Mar 20:00", "Tue 3 Mar 20:00" },
      next_of("0 20 * * *", at(2026, 3, 2, 20), 2, "EST5"))
    -- It is half past seven there on the day before.
    assert.same({ "Mon 2 Mar 20:00" }, next_of("0 20 * * *", at(2026, 3, 3, 0, 30), 1, "EST5"))
    assert.same({ "Mon 2 Mar 20:00" }, next_of("0 * * * 1", at(2026, 3, 3, 0, 30), 1, "EST5"))
  end)

  it("go by the days behind a change to summer time that lies in between", function()
    local saturday, expected = at(2026, 3, 28, 21, 30), { "Mon 30 Mar 00:00", "Mon 30 Mar 01:00" }
    assert.same(expected, next_of("0 * * * 1", saturday, 2, BERLIN))
    assert.same(expected, next_of("0 0-1 * * 1", saturday, 2, BERLIN))
  end)

  it("take either of two days that are named, and both where one begins with a star", function()
    assert.same({ "Fri 6 Mar 00:00", "Fri 13 Mar 00:00", "Sun 15 Mar 00:00" },
      next_of("0 0 15 * 5", START, 3))
    assert.same({ "Mon 9 Mar 00:00", "Mon 23 Mar 00:00" }, next_of("0 0 */2 * 1", START, 2))
  end)

  it("are due again after many years: 29 February, if it is a Sunday", function()
    local zone = assert(TimeZone.load "UTC")
    for text, minutes in pairs { ["0 12 29 2 */7"] = 720, ["* * 29 2 */7"] = 0 } do
      local timetable = cron.parse(text)
      assert.equal(at(2060, 2, 29, 0, minutes), timetable:next(at(2032, 3, 1), zone), text)
      assert.equal(at(2128, 2, 29, 0, minutes), timetable:next(at(2088, 3, 1), zone), text)
    end
  end)

  it("go by the hours that pass when they are due in every hour", function()
    assert.same({ "Sun 29 Mar 01:30", "Sun 29 Mar 03:30" },
      next_of("30 * * * *", at(2026, 3, 29), 2, BERLIN))
    assert.same({ "Sun 25 Oct 02:30", "Sun 25 Oct 02:30", "Sun 25 Oct 03:30" },
      next_of("30 * * * *", at(2026, 10, 25), 3, BERLIN))
  end)

  it("go by the clock otherwise: a leap is made up for, what comes twice is due once", function()
    assert.same({ "Sun 29 Mar 03:00", "Mon 30 Mar 02:00" },
      next_of("*/30 2 * * *", at(2026, 3, 29), 2, BERLIN))
    assert.same({ "Sun 25 Oct 02:00", "Sun 25 Oct 02:30", "Mon 26 Oct 02:00" },
      next_of("*/30 2 * * *", at(2026, 10, 24, 12), 3, BERLIN))
  end)

  for text, problem in pairs {
    ["61 * * * *"] = 'field 1, minute: 0-59, "*", "a-b", "a-b/step" or a list of these expected, '
      .. 'got "61" (at character 1)',
    ["0 24 * * *"] = 'field 2, hour: 0-23',
    ["0 0 0 * *"] = 'field 3, day of month: 1-31',
    ["0 0 * 13 *"] = 'field 4, month: 1-12 or jan-dec',
    ["0 0 * * 8"] = 'field 5, day of week: 0-7 or sun-sat, 0 and 7 are Sunday',
    ["0 0 * foo *"] = 'got "foo" (at character 7)',
    ["0 1,2,x * * *"] = 'got "x" (at character 7)',
    ["0 5-3 * * *"] = 'field 2, hour: "5-3" goes backwards (at character 3)',
    ["@ * * * *"] = 'got "@" (at character 1)',
    ["*/0 * * * *"] = 'got "*/0" (at character 1)',
    ["1- * * * *"] = 'got "1-"',
    ["1,,2 * * * *"] = 'got "" (at character 3)',
    ["-1 * * * *"] = 'got "-1"',
    ["1.5 * * * *"] = 'got "1.5"',
    ["100 * * * *"] = 'got "100"',
    ["0 9 * *"] = "5 fields expected (minute, hour, day of month, month, day of week), got 4",
    ["0 0 9 * * *"] = 'got 6; seconds are no field here: app:every takes "10s"',
    ["0 0 30 2 *"] = "there is no such day in any year",
    ["0 0 31 4,6,9,11 *"] = "there is no such day in any year",
    ["0 0 30 2 */2"] = "there is no such day in any year",
    ["@dayly"] = 'unknown word "@dayly"; did you mean "@daily"?',
    ["@reboot"] = "what is to be done at the start stands behind app:start",
    [""] = "got 0",
  } do
    it("are refused with the place: " .. text, function()
      local timetable, message = cron.parse(text)
      assert.is_nil(timetable)
      assert.matches(problem, message, 1, true)
    end)
  end
end)
