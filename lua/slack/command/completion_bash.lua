-- A completion for bash, of the commands' tables.

-- "=" separates words there: an option with its value comes as three.
local HEAD = [=[
# Completion of lua-slack for bash; made by `lua-slack completion bash`.

# Names of files and folders that begin as what is typed does, of a pattern.
_lua_slack_files() {
  local IFS=$'\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($({ compgen -d -- "$2"; compgen -f -X "!$1" -- "$2"; } | sort -u))
}

_lua_slack() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local path=lua-slack i
  COMPREPLY=()
  if [[ $current == "=" ]]; then
    current=
  elif [[ $previous == "=" ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == "--" ]]; then
      compopt -o default 2>/dev/null
      return
    fi
    case "$path ${COMP_WORDS[i]}" in
      %s) path="$path ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $previous" in
%s  esac
  local words= files=
  case $path in
%s  esac
  if [[ -n $files && $current != -* ]]; then
    _lua_slack_files "$files" "$current"
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace 2>/dev/null
  fi
}

complete -F _lua_slack lua-slack
]=]

local PATTERNS = { file = "*", lua = "*.lua" }

local function value_case(path, option)
  if option.kind == "values" then
    return ('    "%s --%s") COMPREPLY=($(compgen -W "%s" -- "$current")); return ;;\n'):format(path,
      option.name, table.concat(option.values, " "))
  elseif option.kind == "file" then
    return ('    "%s --%s") _lua_slack_files "*" "$current"; return ;;\n'):format(path, option.name)
  elseif not option.is_optional then
    return ('    "%s --%s") return ;;\n'):format(path, option.name)
  end
end

local function words_of(node)
  local words = {}
  for _, command in ipairs(node.commands or {}) do
    table.insert(words, command.name)
  end
  for _, value in ipairs(node.values or {}) do
    table.insert(words, value)
  end
  for _, option in ipairs(node.options) do
    local has_value = option.value and not option.is_optional
    table.insert(words, "--" .. option.name .. (has_value and "=" or ""))
  end
  return table.concat(words, " ")
end

---@param tree slack.command.Completed[]
---@return string
return function(tree)
  local paths, values, cases = {}, {}, {}
  for i, node in ipairs(tree) do
    if i > 1 then
      table.insert(paths, ('"%s"'):format(node.path))
    end
    for _, option in ipairs(node.options) do
      table.insert(values, option.value and value_case(node.path, option) or nil)
    end
    table.insert(cases, ('    "%s") words="%s"%s ;;\n'):format(node.path, words_of(node),
      PATTERNS[node.words] and (' files="%s"'):format(PATTERNS[node.words]) or ""))
  end
  return HEAD:format(table.concat(paths, "|"), table.concat(values), table.concat(cases))
end
