-- Time zones: how far the clocks of a place are ahead of UTC at a time, and when a
-- clock there shows a time. From the time zone files of the system (TZif, RFC 8536),
-- or from rules (posix_time_zone.lua).

local PosixTimeZone = require "slack.posix_time_zone"
local near_miss = require "slack.near_miss"

local DAY <const> = 86400
local FOLDERS = {
  "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo",
}
local LOCAL_FILE = "/etc/localtime"
-- Files with the names of all zones, the third word of a line.
local LISTS = { "tzdata.zi", "zone1970.tab", "zone.tab" }
local MOST_BYTES = 1024 * 1024

---@class slack.TimeZone
---@field name string
---@field times integer[] when the offset changes
---@field offsets integer[] seconds east of Greenwich from then on
---@field first integer offset before
---@field rules? slack.PosixTimeZone from the last change on
local TimeZone = {}
TimeZone.__index = TimeZone
TimeZone.__name = "slack.time_zone"

-- Files -----------------------------------------------------------------------------------

local HEADER <const> = ">c4c1c15I4I4I4I4I4I4"

-- One block of a file: its counts, where it begins, and where the next one does.
local function read_header(bytes, at, time_size)
  if #bytes < at + 43 then
    return nil
  end
  local magic, version, _, utc, standard, leaps, times, types, letters, start =
    HEADER:unpack(bytes, at)
  if magic ~= "TZif" then
    return nil
  end
  local size = times * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4)
    + standard + utc
  return { version = version, times = times, types = types, start = start, stop = start + size }
end

local function read_block(self, bytes, header, format)
  local at, types = header.start, {}
  for i = 1, header.times do
    self.times[i], at = format:unpack(bytes, at)
    if i > 1 and self.times[i] <= self.times[i - 1] then
      error "no order"
    end
  end
  local first_type = at + header.times
  for i = 0, header.types - 1 do
    types[i] = (">i4"):unpack(bytes, first_type + 6 * i)
  end
  for i = 1, header.times do
    self.offsets[i] = types[bytes:byte(at + i - 1)]
    if not self.offsets[i] then
      error "no such type"
    end
  end
  self.first = types[0]
end

local function parse(self, bytes)
  local header, size, format = read_header(bytes, 1, 4), 4, ">i4"
  if header and header.version >= "2" then
    header, size, format = read_header(bytes, header.stop, 8), 8, ">i8"
  end
  if not header or header.types == 0 or header.stop > #bytes + 1 then
    error "no TZif"
  end
  read_block(self, bytes, header, format)
  if size == 8 then
    local footer = bytes:match("^\n([^\n]*)\n", header.stop)
    self.rules = footer and PosixTimeZone.parse(footer)
  end
end

local function new(name)
  return setmetatable({ name = name, times = {}, offsets = {}, first = 0 }, TimeZone)
end

local function read_file(path)
  local file = io.open(path, "rb")
  local bytes = file and (file:read(MOST_BYTES) or "")
  if file then
    file:close()
  end
  return bytes
end

local function of_file(name, path)
  local bytes = read_file(path)
  if not bytes then
    return nil
  end
  local self = new(name)
  if not pcall(parse, self, bytes) then
    return nil, ("time zone %q: %s is no time zone file"):format(name, path)
  end
  return self
end

-- Names -----------------------------------------------------------------------------------

local function folders(environment)
  local given = environment "TZDIR"
  return given and given ~= "" and { given } or FOLDERS
end

-- The names that the system has, for advice.
local function known_names(list)
  local names = { UTC = true }
  for _, folder in ipairs(list) do
    for _, file in ipairs(LISTS) do
      local text = read_file(folder .. "/" .. file) or ""
      for line in text:gmatch "[^\n]+" do
        local name = line:match "^L %S+ (%S+)" or line:match "^Z (%S+)"
          or line:match "^%u%u%S*\t%S+\t(%S+)"
        names[name or "UTC"] = true
      end
    end
  end
  return names
end

local function unknown(name, list)
  local names = known_names(list)
  names.UTC = nil
  if not next(names) and not read_file(list[1] .. "/UTC") then
    return ("time zone %q: this system has no time zone files in %s: install the package tzdata, "
      .. "or write the zone as rules, like \"CET-1CEST,M3.5.0,M10.5.0/3\"")
      :format(name, table.concat(list, ", "))
  end
  names.UTC = true
  return ("time zone %q: this system knows none of that name%s"):format(name,
    near_miss(name, names))
end

local function is_plain(name)
  return name:find "^%a[%w_+%-/]*$" and not name:find "//"
end

local function find(name, environment)
  if name == "UTC" or name == "GMT" then
    return new(name)
  end
  local list = folders(environment)
  if is_plain(name) then
    for _, folder in ipairs(list) do
      local zone, problem = of_file(name, folder .. "/" .. name)
      if zone or problem then
        return zone, problem
      end
    end
  end
  local rules = PosixTimeZone.parse(name)
  if rules then
    local self = new(name)
    self.first, self.rules = rules.standard, rules
    return self
  end
  return nil, unknown(name, list)
end

-- What TZ says, else the system's own.
local function of_system(environment)
  local name = environment "TZ"
  if not name then
    return of_file("local time", LOCAL_FILE) or new "UTC"
  end
  name = name:gsub("^:", "")
  if name == "" then
    return new "UTC"
  elseif name:sub(1, 1) == "/" then
    local zone, problem = of_file(name, name)
    return zone, problem or ("time zone: there is no file %s, which TZ names"):format(name)
  end
  return find(name, environment)
end

-- "UTC+2" is two hours behind UTC to POSIX, and ahead of it to people.
local function two_faced(name)
  local sign, hours, minutes = name:match "^%u%u%u([+-])(%d%d?):?(%d*)$"
  if not sign or not name:find "^UTC" and not name:find "^GMT" then
    return nil
  end
  local rules = ("<%s%02d%s>%s%d"):format(sign, tonumber(hours), minutes, sign == "+" and "-" or "",
    tonumber(hours)) .. (minutes ~= "" and ":" .. minutes or "")
  return ("time zone %q: to POSIX that is the other side of Greenwich than to people: write %q "
    .. "for clocks that show UTC%s"):format(name, rules, name:sub(4))
end

local loaded = {}

---The time zone of a name like "Europe/Berlin", or of rules like
---"CET-1CEST,M3.5.0,M10.5.0/3"; without one that of the variable TZ or of the system.
---@param name? string
---@param environment? fun(name: string): string? os.getenv
---@return slack.TimeZone? zone
---@return string? problem
function TimeZone.load(name, environment)
  local problem = name and two_faced(name)
  if not name then
    return of_system(environment or os.getenv)
  elseif problem then
    return nil, problem
  elseif environment then
    return find(name, environment)
  end
  if not loaded[name] then
    loaded[name], problem = find(name, os.getenv)
  end
  return loaded[name], problem
end

-- Using -----------------------------------------------------------------------------------

-- The last change that is not later than the time; 0: it is before all.
local function last_change(times, time)
  local low, high = 0, #times
  while low < high do
    local middle = (low + high + 1) // 2
    if times[middle] <= time then
      low = middle
    else
      high = middle - 1
    end
  end
  return low
end

local function look_up(self, time)
  local times = self.times
  local place, count = last_change(times, time), #times
  if place == count and self.rules then
    local offset, from, till = self.rules:period(time)
    local since = times[count]
    return offset, since and math.max(since, from or since) or from, till
  end
  return self.offsets[place] or self.first, times[place], times[place + 1]
end

---How far the clocks are ahead at a time, since when, and until when.
---@param time number seconds since the epoch
---@return integer offset seconds east of Greenwich
---@return number? from
---@return number? till
function TimeZone:period(time)
  local from, till = self.from, self.till
  if not self.offset or from and time < from or till and time >= till then
    self.offset, self.from, self.till = look_up(self, time) -- most questions are near the last
  end
  return self.offset, self.from, self.till
end

---The first moment at which the clocks show a time, or, where they leap over it, the
---one at which they do.
---@param clock number the time shown, as seconds since 1970-01-01 00:00 there
---@return number time seconds since the epoch
function TimeZone:moment(clock)
  local time = clock - 2 * DAY -- more than any clock is ahead
  while true do
    local offset, _, till = self:period(time)
    local shown = math.max(time, clock - offset)
    if not till or shown < till then
      return shown
    end
    time = till
  end
end

return TimeZone
