-- How lua-slack stands to its aims, by the figures of a run: a table of those for which there
-- are figures.

local figures = require "bench.figures"

---@class bench.Aim
---@field what string
---@field place string[] part, group, who, what of the figure; "*" for any group: the worst of them
---@field is_inverse boolean? the figure is the other's cost beside ours, the aim ours beside it
---@field most number? what it may be at most
---@field least number? or must be at least
---@field format string

local RATIO <const> = "cost, lua-slack = 1"

---@type bench.Aim[]
local AIMS <const> = {
  { what = "an event over wss: CPU beside libwebsockets, acks only", most = 0.5, is_inverse = true,
    place = { "socket_mode", "wss", "bare lws", RATIO }, format = "%.2f" },
  { what = "beside libcurl and our codec, acks only", most = 4, is_inverse = true,
    place = { "socket_mode", "wss", "bare curl", RATIO }, format = "%.1f" },
  { what = "events per CPU second beside Bolt", least = 12,
    place = { "socket_mode", "wss", "Bolt", RATIO }, format = "%.1f" },
  { what = "beside slack-go", least = 10,
    place = { "socket_mode", "wss", "slack-go", RATIO }, format = "%.1f" },
  { what = "a request over HTTP: CPU beside libwebsockets' raw-skt, answers only", most = 1.5,
    is_inverse = true, place = { "http", "32 connections", "bare raw-skt", RATIO },
    format = "%.2f" },
  { what = "a Web API call: CPU beside libcurl, posts only", most = 1.4, is_inverse = true,
    place = { "web_api", "32 at a time", "bare curl", RATIO }, format = "%.2f" },
  { what = "dispatch: 10,000 listeners beside 1, the worst kind", most = 1.2,
    place = { "dispatch", "*", "lua-slack", "10,000 : 1" }, format = "%.2f" },
  { what = "MB resident, connected and idle", most = 12, format = "%.1f",
    place = { "memory", "start and burst", "lua-slack", "MB resident, connected and idle" } },
  { what = "ms from start to connected", most = 60, format = "%.0f",
    place = { "memory", "start and burst", "lua-slack", "ms from start to connected" } },
}

local function inverse(values)
  local list = {}
  for i, value in ipairs(values) do
    list[i] = 1 / value
  end
  return list
end

local function is_at(figure, place)
  return figure.part == place[1] and (place[2] == "*" or figure.group == place[2])
    and figure.who == place[3] and figure.what == place[4]
end

-- The figure of an aim; of several the one with the largest median.
local function find(list, aim)
  local found
  for _, kept in ipairs(list) do
    if is_at(kept, aim.place) then
      local figure = figures.new(aim.is_inverse and inverse(kept.values) or kept.values)
      if not found or figure.median > found.median then
        found = figure
      end
    end
  end
  return found
end

local function is_met(aim, figure)
  if aim.most then
    return figure.median <= aim.most
  end
  return figure.median >= aim.least
end

---@param list table[] figures as they go into the file
---@return bench.Table? nil when there is none of them
return function(list)
  local rows = {}
  for _, aim in ipairs(AIMS) do
    local figure = find(list, aim)
    if figure then
      rows[#rows + 1] = {
        aim.what, aim.most and ("at most %g"):format(aim.most) or ("at least %g"):format(aim.least),
        figure:show(aim.format), is_met(aim, figure) and "yes" or "no",
      }
    end
  end
  return #rows > 0 and {
    title = "The aims of lua-slack", heads = { "what", "aim", "measured", "met" }, rows = rows,
  } or nil
end
