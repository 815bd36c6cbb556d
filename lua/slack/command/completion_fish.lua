-- A completion for fish, of the commands' tables.

local HEAD = [=[
# Completion of lua-slack for fish; made by `lua-slack completion fish`.

function __lua_slack_at
    set -l path lua-slack
    for word in (commandline -opc)[2..-1]
        switch "$path $word"
            case %s
                set path "$path $word"
        end
    end
    test "$path" = "$argv"
end

complete -c lua-slack -f
]=]

-- As one word in single quotes.
local function quoted(text)
  return "'" .. text:gsub("[\\']", "\\%0") .. "'"
end

local function line(path, rest)
  return ("complete -c lua-slack -n %s %s\n"):format(quoted("__lua_slack_at " .. path), rest)
end

local function option_line(path, option)
  local rest = ("-l %s -d %s"):format(option.name, quoted(option.text))
  if option.value and not option.is_optional then
    rest = rest .. " -r"
  end
  if option.kind == "file" then
    rest = rest .. " -F"
  elseif option.kind == "values" then
    rest = rest .. " -a " .. quoted(table.concat(option.values, " "))
  end
  return line(path, rest)
end

local WORDS = { file = "-F", lua = "-a '(__fish_complete_suffix .lua)'" }

local function add_node(parts, node)
  for _, command in ipairs(node.commands or {}) do
    table.insert(parts, line(node.path, ("-a %s -d %s"):format(command.name,
      quoted(command.summary))))
  end
  for _, option in ipairs(node.options) do
    table.insert(parts, option_line(node.path, option))
  end
  if node.words == "values" then
    table.insert(parts, line(node.path, "-a " .. quoted(table.concat(node.values, " "))))
  elseif node.words then
    table.insert(parts, line(node.path, WORDS[node.words]))
  end
end

---@param tree slack.command.Completed[]
---@return string
return function(tree)
  local paths, parts = {}, {}
  for i, node in ipairs(tree) do
    if i > 1 then
      table.insert(paths, quoted(node.path))
    end
    add_node(parts, node)
  end
  return HEAD:format(table.concat(paths, " ")) .. table.concat(parts)
end
