local Process = require "support.process"
local command = require "slack.command"
local files = require "support.files"

local function run(...)
  local written, complained = {}, {}
  local status = command.run({ ... }, {
    write = function(text) written[#written + 1] = text end,
    complain = function(text) complained[#complained + 1] = text end,
    environment = function() end,
  })
  return status, table.concat(written), table.concat(complained)
end

local function is_installed(shell)
  return (files.run("command -v " .. shell))
end

-- In a folder with a bot, a recording and a folder whose name has a space.
local function in_folder(fn)
  local directory <close> = files.temporary()
  os.execute(("mkdir '%s/my bots'"):format(directory.path))
  for _, name in ipairs { "bot.lua", "r.jsonl" } do
    files.write(directory.path .. "/" .. name, "")
  end
  return fn(directory.path)
end

-- Runs fn(folder) where what zsh completes by is in the file _lua-slack; not without zsh.
local function with_zsh(fn)
  if not is_installed "zsh" then
    return pending "zsh is not installed"
  end
  local _, script = run("completion", "zsh")
  in_folder(function(folder)
    files.write(folder .. "/_lua-slack", script)
    fn(folder)
  end)
end

-- What bash offers where these words end; the last one is being typed.
local function bash(...)
  local words = { ... }
  local quoted = {}
  for i, word in ipairs(words) do
    quoted[i] = Process.quote(word)
  end
  return in_folder(function(folder)
    local _, script = run("completion", "bash")
    files.write(folder .. "/my bots/completion", script)
    local ok, output = files.run(([[cd %s && bash --norc -c '
      source "my bots/completion"
      COMP_WORDS=(lua-slack "$@"); COMP_CWORD=$#
      _lua_slack
      printf "%%s\n" "${COMPREPLY[@]}"' bash %s]]):format(folder, table.concat(quoted, " ")))
    assert.is_true(ok, output)
    local list = {}
    for line in output:gmatch "[^\n]+" do
      table.insert(list, line)
    end
    return list
  end)
end

describe("lua-slack completion", function()
  it("knows three shells", function()
    local status, _, complained = run("completion", "bsah")
    assert.equal(2, status)
    assert.matches('bash, zsh and fish expected, got "bsah"; did you mean "bash"%?', complained)
    assert.equal(2, (run "completion"))
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      assert.equal(0, (run("completion", shell)))
    end
  end)

  it("has every command and every option of each", function()
    local function check(list, path, texts)
      for _, entry in ipairs(list) do
        local one = require(entry[2])
        for shell, text in pairs(texts) do
          assert.truthy(text:find(path .. " " .. entry[1], 1, true), shell .. " " .. entry[1])
          for _, option in ipairs(one.options or {}) do
            local as = (shell == "fish" and "-l " or "--") .. option.name
            assert.truthy(text:find(as, 1, true), shell .. " " .. as)
          end
        end
        check(one.commands or {}, path .. " " .. entry[1], texts)
      end
    end
    local texts = {}
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      texts[shell] = select(2, run("completion", shell))
    end
    check(command.ROOT.commands, "lua-slack", texts)
  end)

  describe("in bash", function()
    if not is_installed "bash" then
      return pending "bash is not installed"
    end

    it("offers commands, and those of a group", function()
      assert.same({ "run", "replay" }, bash "r")
      assert.same({ "list", "retry", "drop" }, { table.unpack(bash("inbox", ""), 1, 3) })
    end)

    it("offers options, with = where a value follows", function()
      assert.same({ "--record=", "--record-max=", "--redact-texts" }, bash("run", "--re"))
    end)

    it("offers values, behind = and behind a space", function()
      assert.same({ "debug" }, bash("run", "--log", "=", "d"))
      assert.same({ "waiting" }, bash("inbox", "list", "--state", "w"))
      assert.same(5, #bash("run", "--log", "="))
    end)

    it("offers files: programs where a bot is meant, any where a file is", function()
      assert.same({ "bot.lua", "my bots" }, bash("run", ""))
      assert.same({ "bot.lua", "my bots", "r.jsonl" }, bash("run", "--record", "=", ""))
      assert.same({ "r.jsonl" }, bash("replay", "r"))
      assert.same({ "bash", "zsh", "fish" }, { table.unpack(bash("completion", ""), 1, 3) })
    end)

    it("leaves the bot's own arguments to the shell", function()
      assert.same({}, bash("run", "bot.lua", "--", "--"))
    end)

    it("is loaded by a shell, and made for the command", function()
      local _, script = run("completion", "bash")
      in_folder(function(folder)
        files.write(folder .. "/.completion", script)
        local ok, output = files.run("bash --norc -c 'source " .. folder
          .. "/.completion; complete -p lua-slack'")
        assert.is_true(ok, output)
        assert.equal("complete -F _lua_slack lua-slack\n", output)
      end)
    end)
  end)

  it("is what zsh can read", function()
    with_zsh(function(folder)
      local ok, output = files.run("zsh -f -n " .. folder .. "/_lua-slack")
      assert.is_true(ok, output)
      ok, output = files.run(("zsh -f -c 'autoload -U compinit; compinit -D; source %s/_lua-slack; "
        .. "print $_comps[lua-slack]'"):format(folder))
      assert.same({ true, "_lua_slack\n" }, { ok, output })
    end)
  end)

  it("offers in zsh what is meant at each place", function()
    with_zsh(function(folder)
      files.write(folder .. "/try", ([[
        _describe() { print -rl -- "${commands[@]}" }
        _arguments() { print -rl -- "at $CURRENT" "$@" }
        compdef() { : }
        source %s/_lua-slack
        shift_to() { CURRENT=$1; shift; words=("$@"); _lua_slack }
        shift_to 2 lua-slack re; shift_to 3 lua-slack inbox l
        shift_to 4 lua-slack inbox list --st; shift_to 5 lua-slack run --env run x
      ]]):format(folder))
      local ok, output = files.run("zsh -f " .. folder .. "/try")
      assert.is_true(ok, output)
      for _, line in ipairs { "run:runs a bot", "list:shows entries", "at 2\n--state=[dead",
        "at 4\n--env=[" } do
        assert.truthy(output:find(line, 1, true), line .. "\n" .. output)
      end
    end)
  end)

  it("is what fish completes by", function()
    if not is_installed "fish" then
      return pending "fish is not installed"
    end
    local _, script = run("completion", "fish")
    in_folder(function(folder)
      files.write(folder .. "/c.fish", script)
      for line, expected in pairs {
        ["lua-slack re"] = "replay\t", ["lua-slack inbox li"] = "list\t",
        ["lua-slack run --rec"] = "--record\t", ["lua-slack run --log=d"] = "--log=debug",
        ["lua-slack completion z"] = "zsh", ["lua-slack replay r"] = "r.jsonl",
      } do
        local ok, output = files.run(("cd %s && HOME=%s fish --no-config -c 'source c.fish; "
          .. "complete -C \"%s\"'"):format(folder, folder, line))
        assert.is_true(ok, output)
        assert.truthy(output:find(expected, 1, true), line .. ": " .. output)
      end
    end)
  end)
end)
