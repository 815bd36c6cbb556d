-- Reads Prometheus' text format 0.0.4 as strictly as its description allows, and
-- raises at what does not follow it or the habits for names.

local NAME <const> = "^[%a_:][%w_:]*"
local UNESCAPED <const> = { ["\\\\"] = "\\", ["\\n"] = "\n", ['\\"'] = '"' }
local KINDS <const> = { counter = true, gauge = true, histogram = true }
local HISTOGRAM_SUFFIXES <const> = { "_bucket", "_sum", "_count" }

local M = {}

local function check(condition, line, what)
  if not condition then
    error(("%s: %s"):format(what, line), 0)
  end
  return condition
end

local function read_number(text, line)
  if text == "+Inf" then
    return math.huge
  end
  check(text:find "^-?%d+$" or text:find "^-?%d+%.?%d*e?[-+]?%d*$", line, "no number")
  return check(tonumber(text), line, "no number")
end

-- The labels after "{", and the position after "}".
local function read_labels(line, at)
  local labels = {}
  while line:sub(at, at) ~= "}" do
    local name, from = line:match('^([%a_][%w_]*)="()', at)
    check(name and not labels[name], line, "a label is wrong or twice there")
    local parts, position = {}, from
    while line:sub(position, position) ~= '"' do
      local piece, after = line:match('^([^\\"\n]+)()', position)
      if not piece then
        piece, after = line:match('^(\\[\\n"])()', position)
        piece = UNESCAPED[check(piece, line, "a value is not escaped or not closed")]
      end
      parts[#parts + 1], position = piece, after
    end
    labels[name] = table.concat(parts)
    at = position + 1
    if line:sub(at, at) == "," then
      at = at + 1
    else
      check(line:sub(at, at) == "}", line, "labels do not end")
    end
  end
  return labels, at + 1
end

local function key_of(name, labels)
  local parts = {}
  for label, value in pairs(labels) do
    parts[#parts + 1] = ("%s=%q"):format(label, value)
  end
  table.sort(parts)
  return name .. "{" .. table.concat(parts, ",") .. "}"
end

local function belongs(family, name)
  if family.kind ~= "histogram" then
    return name == family.name
  end
  for _, suffix in ipairs(HISTOGRAM_SUFFIXES) do
    if name == family.name .. suffix then
      return true
    end
  end
  return false
end

local function begin_family(seen, families, line)
  local what, name, rest = line:match "^# (%u+) (%S+) (.+)$"
  check(what == "HELP" or what == "TYPE", line, "a comment of no known sort")
  check(name:match(NAME) == name, line, "no name of a metric")
  if what == "HELP" then
    check(not families[name], line, "a family comes twice")
    check(not rest:gsub("\\[\\n]", ""):find("\\", 1, true), line, "help is not escaped")
    families[name] = { name = name, help = rest, samples = {} }
  else
    check(seen.family and seen.family.name == name and not seen.family.kind, line,
      "TYPE out of place")
    check(KINDS[rest], line, "an unknown type")
    check(rest ~= "counter" or name:find "_total$", line, "a counter without _total")
    families[name].kind = rest
  end
  seen.family = families[name]
end

local function read_sample(seen, keys, line)
  local family = check(seen.family and seen.family.kind and seen.family, line, "no TYPE before")
  local name = check(line:match(NAME), line, "no sample")
  check(belongs(family, name), line, "a sample of another family")
  local labels, at = {}, #name + 1
  if line:sub(at, at) == "{" then
    labels, at = read_labels(line, at + 1)
  end
  local value = read_number(check(line:match("^ (%S+)$", at), line, "no value"), line)
  check(family.kind == "gauge" or value >= 0, line, "below zero")
  local key = key_of(name, labels)
  check(not keys[key], line, "a series twice")
  keys[key] = true
  table.insert(family.samples, { name = name, labels = labels, value = value, key = key })
end

local function check_series(family, series)
  local before = { le = -math.huge, value = 0 }
  for _, bucket in ipairs(series.buckets) do
    check(bucket.le > before.le and bucket.value >= before.value, family.name, "buckets fall")
    before = bucket
  end
  local count = check(series.count, family.name, "no count")
  check(series.sum, family.name, "no sum")
  check(before.le == math.huge and before.value == count, family.name, "+Inf is not the count")
end

local function check_histogram(family)
  local all = {}
  for _, sample in ipairs(family.samples) do
    local labels = {}
    for name, value in pairs(sample.labels) do
      labels[name] = name ~= "le" and value or nil
    end
    local key = key_of("", labels)
    local series = all[key] or { buckets = {} }
    all[key] = series
    local suffix = sample.name:sub(#family.name + 1)
    if suffix == "_bucket" then
      local le = read_number(check(sample.labels.le, sample.key, "no le"), sample.key)
      table.insert(series.buckets, { le = le, value = sample.value })
    else
      series[suffix:sub(2)] = sample.value
    end
  end
  for _, series in pairs(all) do
    check_series(family, series)
  end
end

---@param text string
---@return table<string, { kind: string, help: string, samples: table[] }> families by name
---@return fun(name: string, labels: table?): number? value of a sample
function M.parse(text)
  check(text == "" or text:sub(-1) == "\n", "the text", "its last line does not end")
  check(utf8.len(text), "the text", "no UTF-8")
  local families, seen, keys = {}, {}, {}
  for line in text:gmatch "([^\n]*)\n" do
    if line:sub(1, 1) == "#" then
      begin_family(seen, families, line)
    else
      read_sample(seen, keys, line)
    end
  end
  for _, family in pairs(families) do
    check(family.kind, family.name, "no TYPE")
    if family.kind == "histogram" then
      check_histogram(family)
    end
  end
  return families, function(name, labels)
    local key = key_of(name, labels or {})
    for _, family in pairs(families) do
      for _, sample in ipairs(family.samples) do
        if sample.key == key then
          return sample.value
        end
      end
    end
  end
end

return M
