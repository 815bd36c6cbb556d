-- Who needs something, in a line: the first of them, and how many more.

---@param reasons slack.manifest.Reason[]
---@param most integer that are named
---@return string "c:say (bot.lua:7), app:message (bot.lua:3), 2 more"
return function(reasons, most)
  local words = {}
  for i = 1, math.min(#reasons, most) do
    local reason = reasons[i]
    words[i] = reason.place and ("%s (%s)"):format(reason.what, reason.place) or reason.what
  end
  if #reasons > most then
    words[#words + 1] = ("%d more"):format(#reasons - most)
  end
  return table.concat(words, ", ")
end
