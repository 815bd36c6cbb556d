local dotenv = require "slack.command.dotenv"
local files = require "support.files"

local function values(text)
  local list, found = assert(dotenv.parse(text)), {}
  for _, variable in ipairs(list) do
    found[variable.name] = variable.value
  end
  return found, list
end

describe("a file of environment variables", function()
  it("has a variable a line, with comments and export", function()
    assert.same({ A = "1", B = "two words", C = "", D = "a=b#c", E_1 = "x", F = "" },
      (values("\239\187\191# head\n\nA=1\r\n export B = two words  # why\nC=\n  # in\nD=a=b#c\n"
        .. "export\tE_1=x\nF=# nothing")))
  end)

  it("has values in quotes, over lines, as they are or with escapes", function()
    assert.same({
      A = "one # two\nthree \\n $X", B = "one\n\"two\"\t\\ $X 'y'\nend", C = "", D = " padded ",
    }, (values([[
A='one # two
three \n $X' # end
B="one\n\"two\"\t\\ \$X 'y'
end"
C=""
D=" padded "]])))
  end)

  it("takes no time over many blanks", function()
    local blanks = (" "):rep(300000)
    assert.same({ A = "x" .. blanks .. "y", B = "z" },
      (values("A=x" .. blanks .. "y" .. blanks .. "\nB=z" .. blanks .. "# why")))
  end)

  it("knows the lines of its variables", function()
    local _, list = values "\nA='x\ny'\n\nB=1"
    assert.same({ 2, 5 }, { list[1].line, list[2].line })
  end)

  it("names the line of what is wrong, and never what stands there", function()
    for text, expected in pairs {
      ["A=1\nsecret"] = { 2, "NAME=VALUE expected, or # and a comment" },
      ["A B=1"] = { 1, 'a name of letters, digits and "_" expected before the "="' },
      ["\n1A=1"] = { 2, 'a name of letters, digits and "_" expected before the "="' },
      ["=1"] = { 1, 'a name of letters, digits and "_" expected before the "="' },
      ["A='x\ny'\nB=\"secret\n"] = { 3, "the quote that begins here is not closed" },
      ["B=\"secret\\"] = { 1, "the quote that begins here is not closed" },
      ["A='x' secret"] = { 1, "nothing but a comment may follow the quote that ends here" },
      ["A=1\0"] = { 1, "this is no text" },
    } do
      local list, problem, line = dotenv.parse(text)
      assert.is_nil(list)
      assert.same(expected, { line, problem })
    end
  end)

  it("is told with its name", function()
    local directory <close> = files.temporary()
    local path = directory.path .. "/.env"
    local _, err = dotenv.read(path)
    assert.equal("missing", err.code)
    files.write(path, "A=1\nB")
    _, err = dotenv.read(path)
    assert.same({ "dotenv", path .. ":2: NAME=VALUE expected, or # and a comment" },
      { err.code, err.message })
    _, err = dotenv.read(directory.path)
    assert.matches("cannot be read", err.message)
  end)
end)
