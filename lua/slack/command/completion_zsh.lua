-- A completion for zsh, of the commands' tables.

local HEAD = [=[
#compdef lua-slack
# Completion of lua-slack for zsh; made by `lua-slack completion zsh`.

_lua_slack() {
  local where=lua-slack
  local -i depth=1
  while (( depth + 1 < CURRENT )); do
    case "$where ${words[depth+1]}" in
      (%s) where="$where ${words[depth+1]}"; (( depth += 1 )) ;;
      (*) break ;;
    esac
  done
  words=("${(@)words[depth,-1]}")
  (( CURRENT -= depth - 1 ))
  local -a commands
  case $where in
%s  esac
}

if [[ $funcstack[1] == _lua_slack ]]; then
  _lua_slack "$@"
else
  compdef _lua_slack lua-slack
fi
]=]

-- As one word in single quotes, in which "[", "]" and ":" mean something.
local function quoted(text)
  return (text:gsub("[%[%]:\\]", "\\%0"):gsub("'", "'\\''"))
end

local ACTIONS = { file = "_files", lua = '_files -g "*.lua(-.) *(-/)"' }

local function action_of(node_or_option, kind)
  if kind == "values" then
    return ("(%s)"):format(table.concat(node_or_option.values, " "))
  end
  return ACTIONS[kind] or " "
end

local function option_spec(option)
  local text = quoted(option.text)
  if not option.value then
    return ("'--%s[%s]'"):format(option.name, text)
  end
  return ("'--%s=%s[%s]%s%s:%s'"):format(option.name, option.is_optional and "-" or "", text,
    option.is_optional and "::" or ":", quoted(option.value), action_of(option, option.kind))
end

local function group_case(node)
  local entries = {}
  for _, command in ipairs(node.commands) do
    table.insert(entries, ("'%s:%s'"):format(command.name, quoted(command.summary)))
  end
  return ('    ("%s")\n      commands=(%s)\n      _describe command commands ;;\n'):format(
    node.path, table.concat(entries, "\n        "))
end

local function leaf_case(node)
  local specs = {}
  for _, option in ipairs(node.options) do
    table.insert(specs, option_spec(option))
  end
  if node.words then
    table.insert(specs, ("'*:%s:%s'"):format(node.words == "values" and "word" or "file",
      action_of(node, node.words)))
  end
  return ('    ("%s")\n      _arguments %s ;;\n'):format(node.path,
    table.concat(specs, " \\\n        "))
end

---@param tree slack.command.Completed[]
---@return string
return function(tree)
  local paths, cases = {}, {}
  for i, node in ipairs(tree) do
    if i > 1 then
      table.insert(paths, ('"%s"'):format(node.path))
    end
    table.insert(cases, node.commands and group_case(node) or leaf_case(node))
  end
  return HEAD:format(table.concat(paths, "|"), table.concat(cases))
end
