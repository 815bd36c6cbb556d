-- Compares two files of the bench and says what has moved beyond noise, and whether that is
-- better or worse; moves.lua says when it has.
--   lua5.4 spec/bench/compare.lua OLD NEW [all]      all: what has not moved too
package.path = "./spec/?.lua;" .. package.path

local markdown = require "bench.markdown"
local moves = require "bench.moves"
local results = require "bench.results"

local MARKS <const> = { better = "better", worse = "WORSE", moved = "moved" }

local function read(path)
  local document, err = results.read(path or "")
  if not document then
    io.stderr:write("bench-compare: ", err, "\n")
    os.exit(2)
  end
  return document
end

local function flat(value, prefix, into)
  for name, inner in pairs(value) do
    if type(inner) == "table" then
      flat(inner, prefix .. name .. " ", into)
    else
      into[prefix .. name] = inner
    end
  end
  return into
end

-- What else is not the same: then a figure may have moved for that reason.
local function print_circumstances(old, new)
  local before, after = flat(old.around, "", {}), flat(new.around, "", {})
  local names = {}
  for name in pairs(after) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    if before[name] ~= after[name] then
      print(("(%s: %s, then %s)"):format(name, before[name] or "unknown", after[name]))
    end
  end
end

local function text_of(figure)
  return figure:show "%.4g"
end

local function print_moves(list, wants_all)
  local rows, counts, chance = {}, {}, 0
  for _, move in ipairs(list) do
    counts[move.verdict] = (counts[move.verdict] or 0) + 1
    chance = chance + (move.verdict ~= "too few rounds"
      and moves.chance(#move.old.values, #move.new.values) or 0)
    if MARKS[move.verdict] or wants_all then
      rows[#rows + 1] = {
        MARKS[move.verdict] or move.verdict, move.name, text_of(move.old), text_of(move.new),
        move.change and ("%+.1f %%"):format(move.change * 100) or "–",
      }
    end
  end
  print(markdown.table {
    title = wants_all and "All figures" or "What has moved beyond noise",
    heads = { "", "figure", "old", "new", "change" }, rows = rows,
  })
  print(("\n%d figures: %d better, %d worse, %d moved, %d within noise, %d of too few rounds. "
    .. "By chance alone about %.0f would be marked."):format(#list, counts.better or 0,
    counts.worse or 0, counts.moved or 0, counts.same or 0, counts["too few rounds"] or 0, chance))
end

local function print_names(what, names)
  if #names > 0 then
    print(("\n%s:\n  %s"):format(what, table.concat(names, "\n  ")))
  end
end

local old, new = read(arg[1]), read(arg[2])
print_circumstances(old, new)
local list, gone, come = moves.compare(old, new)
print_moves(list, arg[3] == "all")
print_names("Only in " .. arg[1], gone)
print_names("Only in " .. arg[2], come)
