-- "Did you mean …?" for names that are almost right.

-- Insertions, deletions, replacements and swaps of neighbors between two words.
local function distance(a, b)
  local before, last, row = {}, {}, {}
  for j = 0, #b do
    last[j] = j
  end
  for i = 1, #a do
    row[0] = i
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, last, row = last, row, before
  end
  return last[#b]
end

local function plain(name)
  return (tostring(name):lower():gsub("[_%-%s]", ""))
end

---The name that was probably meant, as text to append: `; did you mean "token"?`,
---or "" when none comes near.
---@param name any
---@param known table<string, any> known names are its keys
---@return string
return function(name, known)
  local best, best_distance
  local wanted = plain(name)
  for candidate in pairs(known) do
    local other, limit = plain(candidate), math.max(1, #candidate // 3)
    -- no nearer than their lengths are
    local d = math.abs(#wanted - #other) <= limit and distance(wanted, other)
    local nearer = d
      and (not best or d < best_distance or (d == best_distance and candidate < best))
    if nearer and d <= limit then
      best, best_distance = candidate, d
    end
  end
  return best and ("; did you mean %q?"):format(best) or ""
end
