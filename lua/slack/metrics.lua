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

---@class slack.Counter: slack.MetricFamily
local Counter = {}
Counter.__index = Counter
Counter.__name = "slack.counter"

function Counter._row()
  return {}
end

---Adds 1.
---@param first? string value of the first label
---@param second? string value of the second; of few words only
function Counter:add(first, second)
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

---@param value number
---@param first? string value of the label
function Histogram:observe(value, first)
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

-- method: whose arguments they are, for who called it.
local function check(method, name, help, labels, most)
  local problem
  if type(name) ~= "string" or not name:find "^[%a_:][%w_:]*$" then
    problem = ("name: letters, digits and _ expected, got %s"):format(tostring(name))
  elseif type(help) ~= "string" then
    problem = "help: string expected, got " .. type(help)
  elseif #labels > most then
    problem = ("labels: at most %d expected"):format(most)
  end
  for _, label in ipairs(labels) do
    if type(label) ~= "string" or not label:find "^%a[%w_]*$" or label == "le" then
      problem = "labels: names expected, got " .. tostring(label)
    end
  end
  if problem then
    error(("metrics:%s: %s"):format(method, problem), 3)
  end
end

local function add(self, class, name, help, labels)
  local family = self.families[name]
  if family and getmetatable(family) ~= class then
    error(("metrics: %q is a metric of another kind"):format(name), 3)
  elseif not family then
    family = setmetatable({
      name = name, help = help, labels = labels, rows = {}, row_count = 0, bounds = SECONDS,
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
  check("counter", name, help, labels or {}, 2)
  local counter = add(self, Counter, name, help, labels or {})
  return counter
end

---A histogram of seconds.
---@param name string by Prometheus' habits it ends in "_seconds"
---@param help string
---@param labels? string[] the name of one
---@return slack.Histogram
function Metrics:histogram(name, help, labels)
  check("histogram", name, help, labels or {}, 1)
  local histogram = add(self, Histogram, name, help, labels or {})
  return histogram
end

---fn writes what is counted or known elsewhere, each time the text is asked for.
---@param fn fun(write: slack.MetricWriter)
function Metrics:collect(fn)
  table.insert(self.collectors, fn)
end

-- For what is counted so often that even the look-up of a method matters.
Metrics.add, Metrics.observe = Counter.add, Histogram.observe

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
