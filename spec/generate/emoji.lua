-- Makes lua/slack/sandbox/page/emoji.json, the emoji that the page of the local Slack knows,
-- from emoji.json of the npm package emoji-datasource:
--
--   make emoji EMOJI=node_modules/emoji-datasource/emoji.json
--
-- {"CATEGORY": ["NAME ALIAS… CHARACTERS", …], …}, in the order of a picker.

local json = require "slack.json"

local PATH <const> = "lua/slack/sandbox/page/emoji.json"

-- In a picker's order; Component are the skin tones, which are no emoji of their own.
local CATEGORIES <const> = {
  "Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places",
  "Activities", "Objects", "Symbols", "Flags", "Component",
}

local function characters(unified)
  local points = {}
  for point in unified:gmatch "%x+" do
    points[#points + 1] = utf8.char(tonumber(point, 16))
  end
  return table.concat(points)
end

-- "thumbsup +1 👍": Slack's own name comes first.
local function line(emoji)
  local names = { emoji.short_name }
  for _, name in ipairs(emoji.short_names) do
    if name ~= emoji.short_name then
      names[#names + 1] = name
    end
  end
  return ('"%s %s"'):format(table.concat(names, " "), characters(emoji.unified))
end

---@param source table the package's list
---@return string text of emoji.json
local function render(source)
  table.sort(source, function(a, b) return a.sort_order < b.sort_order end)
  local lines = {}
  for _, emoji in ipairs(source) do
    local list = lines[emoji.category] or {}
    list[#list + 1] = line(emoji)
    lines[emoji.category] = list
  end
  local parts = {}
  for i, category in ipairs(CATEGORIES) do
    parts[i] = ('"%s":[%s]'):format(category, table.concat(lines[category], ","))
  end
  return "{" .. table.concat(parts, ",\n") .. "}\n"
end

local source <close> = assert(io.open(arg[1] or error "EMOJI=path/to/emoji.json is needed", "rb"))
local target <close> = assert(io.open(PATH, "wb"))
assert(target:write(render(assert(json.decode(source:read "a")))))
