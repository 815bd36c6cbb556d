-- `lua-slack completion`

local near_miss = require "slack.near_miss"
local tree = require "slack.command.completion_tree"

local SHELLS = { "bash", "zsh", "fish" }

return {
  summary = "completes these words in a shell",
  words = "{bash | zsh | fish}",
  word_values = SHELLS,
  notes = "bash: put this into ~/.bashrc\n\n  source <(lua-slack completion bash)\n\n"
    .. "zsh: a file in a folder of $fpath, or this in ~/.zshrc behind compinit\n\n"
    .. "  source <(lua-slack completion zsh)\n\n"
    .. "fish:\n\n  lua-slack completion fish > ~/.config/fish/completions/lua-slack.fish\n",
  run = function(given, terminal)
    local shell, known = given.words[1], {}
    for _, name in ipairs(SHELLS) do
      known[name] = true
    end
    if #given.words ~= 1 or not known[shell] then
      return 2, ("one of bash, zsh and fish expected, got %s%s"):format(
        #given.words == 1 and ("%q"):format(shell) or ("%d words"):format(#given.words),
        #given.words == 1 and near_miss(shell, known) or "")
    end
    local generate = require("slack.command.completion_" .. shell)
    terminal.write(generate(tree.of(require("slack.command").ROOT)))
    return 0
  end,
}
