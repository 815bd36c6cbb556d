local PosixTimeZone = require "slack.posix_time_zone"
local TimeZone = require "slack.time_zone"
local calendar = require "slack.calendar"
local files = require "support.files"

local HOUR <const>, DAY <const> = 3600, 86400
local BERLIN <const> = "CET-1CEST,M3.5.0,M10.5.0/3"

local function at(year, month, day, hour, minute)
  return calendar.day_number(year, month, day) * DAY + (hour or 0) * HOUR + (minute or 0) * 60
end

-- One block of a time zone file.
local function block(version, size, changes, types)
  local times, places, infos, format = {}, {}, {}, size == 8 and ">i8" or ">i4"
  for i, change in ipairs(changes) do
    times[i], places[i] = format:pack(change[1]), string.char(change[2])
  end
  for i, offset in ipairs(types) do
    infos[i] = (">i4BB"):pack(offset, 0, 0)
  end
  return ("TZif%s%s"):format(version, ("\0"):rep(15))
    .. (">I4I4I4I4I4I4"):pack(0, 0, 0, #changes, #types, 4)
    .. table.concat(times) .. table.concat(places) .. table.concat(infos) .. "XYZ\0"
end

-- Changes are { time, place of a type from 0 }.
local function zone_file(changes, types, footer)
  if not footer then
    return block("\0", 4, changes, types)
  end
  return block("2", 4, {}, { 0 }) .. block("2", 8, changes, types) .. "\n" .. footer .. "\n"
end

describe("time zones", function()
  local directory, environment

  before_each(function()
    directory = files.temporary()
    environment = { TZDIR = directory.path }
  end)

  after_each(function()
    getmetatable(directory).__close(directory)
  end)

  local function load(name)
    return TimeZone.load(name, function(variable) return environment[variable] end)
  end

  local function offset(zone, time)
    return (zone:period(time))
  end

  describe("from files", function()
    before_each(function()
      files.write(directory.path .. "/Moon", zone_file({
        { at(1950, 1, 1), 1 }, { at(2000, 1, 1), 2 }, { at(2001, 1, 1), 1 },
      }, { -100, HOUR, 2 * HOUR }, BERLIN))
    end)

    it("have the offset of each time, before the first change too", function()
      local zone = assert(load "Moon")
      assert.equal(-100, offset(zone, at(1900, 1, 1)))
      assert.equal(-100, offset(zone, at(1950, 1, 1) - 1))
      assert.equal(HOUR, offset(zone, at(1950, 1, 1)))
      assert.equal(2 * HOUR, offset(zone, at(2000, 6, 1)))
      assert.equal(-100, offset(zone, at(1900, 1, 1)))
    end)

    it("go by their rules after the last change", function()
      local zone = assert(load "Moon")
      assert.equal(HOUR, offset(zone, at(2001, 1, 15)))
      assert.equal(2 * HOUR, offset(zone, at(2001, 7, 1)))
      assert.equal(2 * HOUR, offset(zone, at(2200, 7, 1)))
      assert.same({ HOUR, at(2001, 1, 1), at(2001, 3, 25, 1) }, { zone:period(at(2001, 2, 1)) })
    end)

    it("keep their last offset without rules, in old files of 32 bits too", function()
      files.write(directory.path .. "/Old", zone_file({ { at(2000, 1, 1), 1 } }, { 0, HOUR }))
      assert.equal(HOUR, offset(assert(load "Old"), at(2030, 7, 1)))
      files.write(directory.path .. "/Fixed", zone_file({}, { HOUR }, "XYZ-1"))
      assert.equal(HOUR, offset(assert(load "Fixed"), at(2030, 7, 1)))
    end)

    it("are refused when a file is cut short anywhere, or is none", function()
      local whole = files.read(directory.path .. "/Moon")
      local before_rules = #whole - #BERLIN - 2
      for length = 0, before_rules - 1 do
        files.write(directory.path .. "/Cut", whole:sub(1, length))
        local zone, problem = load "Cut"
        assert.is_nil(zone)
        assert.matches('time zone "Cut": .*/Cut is no time zone file', problem)
      end
      for _, changes in ipairs { { { 0, 9 } }, { { 5, 0 }, { 5, 0 } }, { { 5, 0 }, { 4, 0 } } } do
        files.write(directory.path .. "/Cut", zone_file(changes, { 0 }, ""))
        assert.is_nil((load "Cut"))
      end
    end)
  end)

  describe("by name", function()
    it("are told apart from what the system does not know, with advice", function()
      files.write(directory.path .. "/zone1970.tab", "#x\nDE\t+5230\tEurope/Berlin\n")
      files.write(directory.path .. "/tzdata.zi", "# version\nL Europe/Berlin Europe/Bonn\n")
      local _, problem = load "Europe/Berln"
      assert.equal('time zone "Europe/Berln": this system knows none of that name; '
        .. 'did you mean "Europe/Berlin"?', problem)
      assert.matches('did you mean "Europe/Bonn"?', select(2, load "europe/bon"), 1, true)
    end)

    it("are refused where people and POSIX mean opposite things, with what to write", function()
      for name, written in pairs {
        ["UTC+2"] = "<+02>-2", ["GMT-11"] = "<-11>11", ["UTC+05:30"] = "<+0530>-5:30",
      } do
        local zone, problem = load(name)
        assert.is_nil(zone)
        assert.equal(written, problem:match 'write "(.-)" for clocks')
      end
      assert.equal(5.5 * HOUR, offset(load "<+0530>-5:30", 0))
      environment.TZ = "UTC+2" -- as all other programs take it
      assert.equal(-2 * HOUR, offset(load(nil), 0))
    end)

    it("say what to install where there are none", function()
      local _, problem = load "Europe/Berlin"
      assert.matches("this system has no time zone files in " .. directory.path, problem, 1, true)
      assert.matches("install the package tzdata", problem, 1, true)
      assert.is_table(load "UTC")
      assert.is_table(load(BERLIN))
    end)

    it("lead nowhere else", function()
      files.write(directory.path .. "/Moon", zone_file({}, { HOUR }, "XYZ-1"))
      for _, name in ipairs { "../Moon", "/etc/localtime", "./Moon", "A/../Moon", "", "A//B" } do
        assert.is_nil((load(name)), name)
      end
    end)
  end)

  describe("of the system", function()
    it("are what TZ says", function()
      files.write(directory.path .. "/Moon", zone_file({}, { HOUR }, "XYZ-1"))
      for name, expected in pairs {
        Moon = HOUR, [":Moon"] = HOUR, [""] = 0, UTC = 0, ["EST5"] = -5 * HOUR,
        [directory.path .. "/Moon"] = HOUR,
      } do
        environment.TZ = name
        assert.equal(expected, offset(assert(load()), 0), name)
      end
    end)

    it("are refused when TZ says nothing of use", function()
      environment.TZ = "Nowhere"
      assert.matches('time zone "Nowhere"', select(2, load()), 1, true)
      environment.TZ = "/no/such/file"
      assert.matches("there is no file /no/such/file, which TZ names", select(2, load()), 1, true)
    end)

    it("are there without TZ", function()
      assert.is_table(load())
    end)
  end)

  describe("as rules", function()
    -- What is ahead when, for a text.
    local CASES <const> = {
      [BERLIN] = {
        { at(2026, 3, 29, 0, 59), HOUR }, { at(2026, 3, 29, 1), 2 * HOUR },
        { at(2026, 10, 25, 0, 59), 2 * HOUR }, { at(2026, 10, 25, 1), HOUR },
      },
      ["EST5EDT"] = {
        { at(2026, 3, 8, 6, 59), -5 * HOUR }, { at(2026, 3, 8, 7), -4 * HOUR },
        { at(2026, 11, 1, 5, 59), -4 * HOUR }, { at(2026, 11, 1, 6), -5 * HOUR },
      },
      ["AEST-10AEDT,M10.1.0,M4.1.0/3"] = {
        { at(2026, 1, 1), 11 * HOUR }, { at(2026, 4, 4, 15, 59), 11 * HOUR },
        { at(2026, 4, 4, 16), 10 * HOUR }, { at(2026, 10, 3, 16), 11 * HOUR },
        { at(2026, 12, 31, 23), 11 * HOUR },
      },
      ["IST-1GMT0,M10.5.0,M3.5.0/1"] = { { at(2026, 1, 1), 0 }, { at(2026, 7, 1), HOUR } },
      ["<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"] = {
        { at(2026, 1, 1), 11 * HOUR }, { at(2026, 7, 1), 10.5 * HOUR },
      },
      ["<-02>2<-01>,M3.5.0/-1,M10.5.0/0"] = {
        { at(2026, 3, 29, 0, 59), -2 * HOUR }, { at(2026, 3, 29, 1), -HOUR },
      },
      ["XXX3EDT4,J60,300/1:30:30"] = {
        { at(2024, 3, 1, 4, 59), -3 * HOUR }, { at(2024, 3, 1, 5), -4 * HOUR },
        { at(2024, 10, 27, 5, 30) + 29, -4 * HOUR }, { at(2024, 10, 27, 5, 30) + 30, -3 * HOUR },
      },
      ["EST5EDT,0/0,J365/25"] = {
        { at(2026, 1, 1, 5), -4 * HOUR }, { at(2026, 7, 1), -4 * HOUR },
        { at(2027, 1, 1, 5), -4 * HOUR },
      },
      ["UTC0"] = { { 0, 0 } },
    }

    for text, cases in pairs(CASES) do
      it("are understood: " .. text, function()
        local zone = assert(PosixTimeZone.parse(text))
        for _, case in ipairs(cases) do
          assert.equal(case[2], (zone:period(case[1])), os.date("!%c", case[1]))
        end
      end)
    end

    it("are refused when they are none", function()
      for _, text in ipairs {
        "", "CET", "X1", "CET-1CEST,", "CET-1CEST,M13.1.0,M1.1.0", "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-1CEST,J0,J5", "CET-1CEST,M3.6.0,M1.1.0", "CET-1,x",
        "<CET-1", "CET-1CEST,366,5", "CET-1CEST,M3.5.0/,M10.5.0",
      } do
        assert.is_nil(PosixTimeZone.parse(text), text)
      end
    end)
  end)

  describe("show a time", function()
    it("at the first of the moments that do, or at the end of the leap over it", function()
      local zone = assert(TimeZone.load(BERLIN))
      assert.equal(at(2026, 7, 1, 7), zone:moment(at(2026, 7, 1, 9)))
      assert.equal(at(2026, 3, 29, 1), zone:moment(at(2026, 3, 29, 2, 30)))
      assert.equal(at(2026, 3, 29, 1), zone:moment(at(2026, 3, 29, 3)))
      assert.equal(at(2026, 10, 25, 0, 30), zone:moment(at(2026, 10, 25, 2, 30)))
      assert.equal(at(2026, 10, 25, 2), zone:moment(at(2026, 10, 25, 3)))
    end)

    it("also where a whole day is leapt over", function()
      files.write(directory.path .. "/Apia", zone_file({ { at(2011, 12, 30, 10), 1 } },
        { -10 * HOUR, 14 * HOUR }, "<+14>-14"))
      local zone = assert(load "Apia")
      assert.equal(at(2011, 12, 30, 10), zone:moment(at(2011, 12, 30, 12)))
      assert.equal(at(2011, 12, 30, 10), zone:moment(at(2011, 12, 31)))
    end)
  end)
end)
