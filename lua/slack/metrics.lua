-- Counters and histograms, and the text in which Prometheus reads them (its text
-- format 0.0.4). Counting is a look-up and an addition; all else is done when the
-- text is asked for.
--
-- The first label may come from outside, so only so many of its values are kept
-- apart. The second is for words of our own.

local sorted_keys = require "slack.sorted_keys"

-- Different values of a first label; those beyond are one, OTHER.
local MAX_VALUES = 500
local MAX_LENGTH = 100
local OTHER = "other"
-- Of a label that the family does not have.
local NONE = ""
-- Names that begin so are the app's own.
local RESERVED = { "slack_", "process_" }

local SECONDS = {
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, math.huge,
}

---@class slack.Metrics
---@field families table<string, slack.MetricFamily>
---@field names string[] in the order in which they were made
---@field collectors fun(write: slack.MetricWriter)[]
local Metrics = {}
Metrics.__index = Metrics
Metrics.__name = "slack.metrics"

---@return slack.Metrics
function Metrics.new()
  return setmetatable({ families = {}, names = {}, collectors = {} }, Metrics)
end

-- Text ----------------------------------------------------------------------------

local ESCAPES = { ["\\"] = "\\\\", ["\n"] = "\\n", ['"'] = '\\"' }

local function number_text(value)
  if math.type(value) == "integer" then
    return ("%d"):format(value)
  elseif value ~= value then
    return "NaN"
  elseif value == math.huge or value == -math.huge then
    return value > 0 and "+Inf" or "-Inf"
  end
  return (("%.15g"):format(value):gsub(",", ".")) -- the locale's comma
end

-- labels: alternating names and values.
local function add_labels(parts, labels)
  if #labels == 0 then
    return
  end
  for i = 1, #labels, 2 do
    parts[#parts + 1] = i == 1 and "{" or ","
    parts[#parts + 1] = ('%s="%s"'):format(labels[i], labels[i + 1]:gsub('[\\\n"]', ESCAPES))
  end
  parts[#parts + 1] = "}"
end

---@class slack.MetricWriter
---@field parts string[]
local Writer = {}
Writer.__index = Writer

---Begins a family.
---@param name string
---@param kind "counter"|"gauge"|"histogram"
---@param help string
function Writer:family(name, kind, help)
  local parts = self.parts
  parts[#parts + 1] = ("# HELP %s %s\n# TYPE %s %s\n"):format(name,
    help:gsub("[\\\n]", ESCAPES), name, kind)
  self.name = name
end

---A sample of the family that was begun last.
---@param labels string[] alternating names and values
---@param value number
---@param suffix? string of the name
function Writer:sample(labels, value, suffix)
  local parts = self.parts
  parts[#parts + 1] = self.name .. (suffix or "")
  add_labels(parts, labels)
  parts[#parts + 1] = " " .. number_text(value) .. "\n"
end

---What a histogram has observed.
---@param labels string[]
---@param seen { buckets: { le: number, count: integer }[], sum: number, count: integer? } each
---  bucket counts those of the smaller ones too; without count the last one has no bound
function Writer:histogram(labels, seen)
  local function with_bound(bound)
    local all = table.move(labels, 1, #labels, 1, {})
    all[#all + 1], all[#all + 2] = "le", number_text(bound)
    return all
  end
  for _, bucket in ipairs(seen.buckets) do
    self:sample(with_bound(bucket.le), bucket.count, "_bucket")
  end
  local count = seen.count
  if count then
    self:sample(with_bound(math.huge), count, "_bucket")
  end
  self:sample(labels, seen.sum, "_sum")
  self:sample(labels, count or seen.buckets[#seen.buckets].count, "_count")
end

---A family with one sample, unless there is no value.
---@param name string
---@param kind "counter"|"gauge"
---@param help string
---@param value? number
function Writer:single(name, kind, help, value)
  if value then
    self:family(name, kind, help)
    self:sample({}, value)
  end
end

-- Families ------------------------------------------------------------------------

---@class slack.MetricFamily
---@field name string
---@field help string
---@field labels string[] at most two
---@field rows table<string, table> by the value of the first label
---@field row_count integer

local function is_fit(value)
  return type(value) == "string" and #value <= MAX_LENGTH and utf8.len(value) ~= nil
end

-- The row of a value that has none yet.
local function new_row(family, value)
  if not is_fit(value) or family.row_count >= MAX_VALUES then
    value = OTHER
    if family.rows[value] then
      return family.rows[value]
    end
  else
    family.row_count = family.row_count + 1
  end
  local row = family:_row()
  family.rows[value] = row
  return row
end

-- Raises where the counter or histogram was used.
local function check_use(family, class, method, value, ...)
  if getmetatable(family) ~= class then
    error(("%s: call it with a colon: %s(…)"):format(method:gsub(":", "."), method), 3)
  end
  local problem
  local labels, count = family.labels, select("#", ...)
  if type(value) ~= "number" or not (value >= 0 and value < math.huge) then
    problem = ("a number of at least 0 expected, got %s"):format(
      type(value) == "number" and tostring(value) or type(value))
  elseif count ~= #labels then
    problem = ("%s expected after the number, got %d"):format(#labels == 0 and "nothing"
      or #labels == 1 and ("a value of the label %q"):format(labels[1])
      or ("values of the labels %q and %q"):format(labels[1], labels[2]), count)
  end
  for i = 1, problem and 0 or count do
    local label = select(i, ...)
    if type(label) ~= "string" then
      problem = ("label %q: string expected, got %s"):format(labels[i], type(label))
    end
  end
  if problem then
    error(("%s: %s: %s"):format(method, family.name, problem), 3)
  end
end

---@class slack.Counter: slack.MetricFamily
local Counter = {}
Counter.__index = Counter
Counter.__name = "slack.counter"

function Counter._row()
  return {}
end

---Adds to the number that belongs to these values of the labels.
---@param amount number of at least 0
---@param ... string a value for each label; of the second, few words only
function Counter:add(amount, ...)
  check_use(self, Counter, "counter:add", amount, ...)
  local first, second = ...
  first, second = first or NONE, second or NONE
  local row = self.rows[first] or new_row(self, first)
  second = is_fit(second) and second or OTHER
  row[second] = (row[second] or 0) + amount
end

-- Adds 1, unchecked: what the app counts of itself.
function Counter:count(first, second)
  local row = self.rows[first or NONE] or new_row(self, first or NONE)
  second = second or NONE
  row[second] = (row[second] or 0) + 1
end

function Counter:_write(write)
  write:family(self.name, "counter", self.help)
  local one, two = self.labels[1], self.labels[2]
  for _, first in ipairs(sorted_keys(self.rows)) do
    for _, second in ipairs(sorted_keys(self.rows[first])) do
      local labels = one and { one, first, two, two and second } or {}
      write:sample(labels, self.rows[first][second])
    end
  end
end

---@class slack.Histogram: slack.MetricFamily
---@field bounds number[]
---@field more? fun(write: slack.MetricWriter) writes what is observed elsewhere
local Histogram = {}
Histogram.__index = Histogram
Histogram.__name = "slack.histogram"

function Histogram:_row()
  local row = { sum = 0.0 }
  for i = 1, #self.bounds do
    row[i] = 0
  end
  return row
end

---@param seconds number of at least 0
---@param ... string a value for the label, if it has one
function Histogram:observe(seconds, ...)
  check_use(self, Histogram, "histogram:observe", seconds, ...)
  self:record(seconds, (...))
end

-- The same, unchecked.
function Histogram:record(value, first)
  local row = self.rows[first or NONE] or new_row(self, first or NONE)
  local bounds, i = self.bounds, 1
  while value > bounds[i] do
    i = i + 1
  end
  row[i] = row[i] + 1
  row.sum = row.sum + value
end

local function write_row(self, write, row, label, value)
  local buckets, total = {}, 0
  for i, bound in ipairs(self.bounds) do
    total = total + row[i]
    buckets[i] = { le = bound, count = total }
  end
  write:histogram(label and { label, value } or {}, { buckets = buckets, sum = row.sum })
end

function Histogram:_write(write)
  write:family(self.name, "histogram", self.help)
  for _, first in ipairs(sorted_keys(self.rows)) do
    write_row(self, write, self.rows[first], self.labels[1], first)
  end
  if self.more then
    self.more(write)
  end
end

-- Making --------------------------------------------------------------------------

local function is_reserved(name)
  for _, prefix in ipairs(RESERVED) do
    if name:sub(1, #prefix) == prefix then
      return true
    end
  end
end

local function name_problem(name)
  if type(name) ~= "string" then
    return "name: string expected, got " .. type(name)
  elseif not name:find "^[%a_:][%w_:]*$" then
    return ("name: letters, digits and _ expected, got %q"):format(name)
  elseif is_reserved(name) then
    return ("name: those that begin with %s are the app's own, got %q"):format(
      table.concat(RESERVED, " or "), name)
  end
end

local function labels_problem(labels, most)
  if type(labels) ~= "table" then
    return "labels: a list of names expected, got " .. type(labels)
  elseif #labels > most then
    return ("labels: at most %d expected, got %d"):format(most, #labels)
  elseif labels[1] ~= nil and labels[1] == labels[2] then
    return ("labels: %q stands there twice"):format(labels[1])
  end
  for key, label in pairs(labels) do
    if math.type(key) ~= "integer" or type(label) ~= "string" or not label:find "^%a[%w_]*$"
      or label == "le" then
      return "labels: a list of names expected, with " .. tostring(label)
    end
  end
end

local function text_of_labels(labels)
  return #labels == 0 and "no labels" or "the labels " .. table.concat(labels, ", ")
end

-- Why there cannot be one more: the first of that name is another.
local function other_problem(family, class, labels)
  if not family then
    return nil
  elseif getmetatable(family) ~= class then
    return ("%q is a metric of another kind"):format(family.name)
  elseif family.labels[1] ~= labels[1] or family.labels[2] ~= labels[2] then
    return ("%q is there with %s, and cannot be given %s: take another name, or start the app anew")
      :format(family.name, text_of_labels(family.labels), text_of_labels(labels))
  end
end

-- method: what was called, for who called it.
local function check(self, class, method, name, help, labels, most)
  if getmetatable(self) ~= Metrics then
    error(("metrics.%s: call it with a colon: metrics:%s(…)"):format(method, method), 3)
  end
  local problem = name_problem(name)
    or type(help) ~= "string" and "help: string expected, got " .. type(help)
    or labels_problem(labels, most) or other_problem(self.families[name], class, labels)
  if problem then
    error(("metrics:%s: %s"):format(method, problem), 3)
  end
end

local function add(self, class, name, help, labels)
  local family = self.families[name]
  if not family then
    family = setmetatable({
      name = name, help = help, labels = table.move(labels, 1, #labels, 1, {}), rows = {},
      row_count = 0, bounds = SECONDS,
    }, class)
    self.families[name] = family
    table.insert(self.names, name)
  end
  return family
end

---A counter; one that is there already under that name, when a script is reloaded.
---@param name string by Prometheus' habits it ends in "_total"
---@param help string what it counts
---@param labels? string[] names of at most two; the second for few words only
---@return slack.Counter
function Metrics:counter(name, help, labels)
  check(self, Counter, "counter", name, help, labels or {}, 2)
  return add(self, Counter, name, help, labels or {})
end

---A histogram of seconds.
---@param name string by Prometheus' habits it ends in "_seconds"
---@param help string
---@param labels? string[] the name of one
---@return slack.Histogram
function Metrics:histogram(name, help, labels)
  check(self, Histogram, "histogram", name, help, labels or {}, 1)
  return add(self, Histogram, name, help, labels or {})
end

-- The app's own, whose names nobody else may take.
function Metrics:own_counter(name, help, labels)
  return add(self, Counter, name, help, labels)
end

function Metrics:own_histogram(name, help, labels)
  return add(self, Histogram, name, help, labels)
end

---fn writes what is counted or known elsewhere, each time the text is asked for.
---@param fn fun(write: slack.MetricWriter)
function Metrics:collect(fn)
  table.insert(self.collectors, fn)
end

-- For what is counted so often that even the look-up of a method matters.
Metrics.count, Metrics.record = Counter.count, Histogram.record
Metrics.SECONDS = SECONDS

---All of them as Prometheus reads them.
---@return string
function Metrics:render()
  local write = setmetatable({ parts = {} }, Writer)
  for _, name in ipairs(self.names) do
    self.families[name]:_write(write)
  end
  for _, fn in ipairs(self.collectors) do
    fn(write)
  end
  return table.concat(write.parts)
end

return Metrics
