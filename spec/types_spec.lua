-- The annotations for editors: every type that is named exists, and what is generated is fresh.
local cjson = require "cjson"
local core = require "slack.core"
local event_facts = require "generate.event_facts"
local files = require "support.files"
local kinds = require "slack.kinds"
local methods = require "slack.web_api.methods"
local shape = require "generate.shape"
local types = require "generate.types"

local FOLDER = "lua/slack/types/"
local EVENTS = "../shared/data/events.json"

-- What lua-language-server knows by itself.
local BUILT_IN = {
  any = true, async = true, boolean = true, fun = true, ["function"] = true, integer = true,
  ["nil"] = true, number = true, self = true, string = true, table = true, thread = true,
  ["true"] = true, ["false"] = true, unknown = true, userdata = true, lightuserdata = true,
}

-- Text of all annotations, with the sources', by path.
local function sources()
  local texts = {}
  for _, path in ipairs(files.tree "lua") do
    texts[path] = files.read(path)
  end
  return texts
end

local texts, fresh = sources(), types.files()

local function each_line(only_types)
  return coroutine.wrap(function()
    for path, text in pairs(texts) do
      if not only_types or path:find(FOLDER, 1, true) then
        local number = 0
        for line in text:gmatch "([^\n]*)\n" do
          number = number + 1
          coroutine.yield(line, path, number)
        end
      end
    end
  end)
end

-- What describes the C module.
local function core_texts()
  local list = { texts[FOLDER .. "core.lua"] }
  for _, path in ipairs(files.tree(FOLDER .. "core")) do
    list[#list + 1] = texts[path]
  end
  return table.concat(list)
end

-- Classes and aliases by name, with where each is declared.
local function declared()
  local places = {}
  for line, path, number in each_line() do
    local partial = line:match "^%-%-%-@class %(partial%) ([%w_.]+)"
    local name = partial or line:match "^%-%-%-@class ([%w_.]+)"
      or line:match "^%-%-%-@alias ([%w_.]+)"
    if name then
      places[name] = places[name] or {}
      table.insert(places[name], { at = path .. ":" .. number, is_partial = partial ~= nil })
    end
  end
  return places
end

-- The type that a text begins with: up to a space outside of brackets that no comma, colon or
-- bar precedes.
local function leading_type(text)
  local at = 1
  while at <= #text do
    local after = text:match("^%b{}()", at) or text:match("^%b<>()", at)
      or text:match("^%b()()", at) or text:match('^"[^"]*"()', at) or at + 1
    if text:find("^%s", at) and not text:find("^[,:|]", at - 1) then
      break
    end
    at = after
  end
  return text:sub(1, at - 1)
end

local MARKS = {
  "^%-%-%-@field [%w_]+%?? (.+)", "^%-%-%-@field %[.-%]%?? (.+)", "^%-%-%-@param [%w_.]+%?? (.+)",
  "^%-%-%-@return (.+)", "^%-%-%-@alias %S+ (.+)", "^%-%-%-| (.+)", "^%-%-%-@class [^:]+: (.+)",
  "^%-%-%-@type (.+)",
}

local function type_of(line)
  for _, mark in ipairs(MARKS) do
    local text = line:match(mark)
    if text then
      return leading_type(text)
    end
  end
end

describe("the annotations for editors", function()
  local places = declared()

  it("compile", function()
    for _, path in ipairs(files.tree "lua/slack/types") do
      assert(load(texts[path], "=" .. path, "t", {}))
    end
  end)

  it("describe all functions and methods of the C module", function()
    local described, missing = core_texts(), {}
    local function look(name, pattern)
      if not described:find(pattern .. "%f[^%w_]") then
        missing[#missing + 1] = name
      end
    end
    for name in pairs(core) do
      look("core." .. name, "core%." .. name)
    end
    for class, metatable in pairs(debug.getregistry()) do
      local methods_of = type(class) == "string" and class:find "^slack%.core" and metatable.__index
      for name in pairs(type(methods_of) == "table" and methods_of or {}) do
        look(class .. ":" .. name, "function [%w_]+:" .. name)
      end
    end
    assert.same({}, missing)
  end)

  it("name types of the project that exist", function()
    local missing, count = {}, 0
    for line, path, number in each_line() do
      for name in (type_of(line) or ""):gsub('"[^"]*"', ""):gmatch "%f[%w_]slack%.[%w_.]*[%w_]" do
        count = count + 1
        if not places[name] then
          missing[#missing + 1] = ("%s:%d: %s"):format(path, number, name)
        end
      end
    end
    assert.same({}, missing)
    assert.truthy(count > 5000, count)
  end)

  it("name no type by a word that is none, where they are generated", function()
    local unknown = {}
    for path, text in pairs(fresh) do
      for line in text:gmatch "[^\n]+" do
        local kind = (type_of(line) or ""):gsub('"[^"]*"', ""):gsub("[%w_]+%??:", "")
        for word in kind:gmatch "%f[%w_.]%a[%w_.]*" do
          if not BUILT_IN[word] and not places[word] and not line:find "^%-%-%-@return" then
            unknown[#unknown + 1] = path .. ": " .. line
          end
        end
      end
    end
    assert.same({}, unknown)
  end)

  it("declare each class of theirs once", function()
    local doubles = {}
    for name, list in pairs(places) do
      local whole, in_types = 0, false
      for _, place in ipairs(list) do
        whole = whole + (place.is_partial and 0 or 1)
        in_types = in_types or not place.is_partial and place.at:find(FOLDER, 1, true) ~= nil
      end
      if in_types and whole ~= 1 or whole == 0 then
        doubles[#doubles + 1] = name
      end
    end
    assert.same({}, doubles)
  end)

  it("have no field of a class twice, but for functions by their first argument", function()
    local doubles, class, seen = {}, nil, {}
    for line, path, number in each_line(true) do
      if line:find "^%-%-%-@class" or line == "" then
        class, seen = line, {}
      end
      local field, kind = line:match "^%-%-%-@field ([%w_]+)%?? (.*)"
      local key = field and (field .. (kind:match '^fun%(self: [%w.]+, [%w]+: ("[^"]*")'
        or kind:match "^fun%(self: [%w.]+, (%w+):" or ""))
      if key and seen[key] then
        doubles[#doubles + 1] = ("%s:%d: %s"):format(path, number, class)
      end
      seen[key or false] = true
    end
    assert.same({}, doubles)
  end)

  it("are what the generator makes", function()
    local family_files = 0
    for path, text in pairs(fresh) do
      assert.truthy(texts[path] == text, path .. " is old: make types")
    end
    for path in pairs(texts) do
      if path:find("^" .. FOLDER .. "methods/") then
        family_files = family_files + 1
        assert.truthy(fresh[path], path .. " is not generated any more")
      end
    end
    assert.truthy(family_files > 40)
  end)
end)

describe("annotations of Web API methods", function()
  -- Names of functions and of their arguments' fields, as the files have them.
  local functions, arguments, is_required, class = {}, {}, {}, nil
  for line, path in each_line(true) do
    local owner, last = line:match "^function ([%w_]+)%.(%w+)%(args, options%) end$"
    if not owner then
      owner, last = line:match '^(%w+)%["(%w+)"%] = function%(args, options%) end$'
    end
    if owner and path:find("methods/", 1, true) then
      functions[owner:gsub("_", ".") .. "." .. last] = true
    end
    local opened = line:match "^%-%-%-@class ([%w_.]+)"
    class = opened or line ~= "" and class or nil
    local name, mark = line:match "^%-%-%-@field ([%w_]+)(%??)"
    local method = class and class:match "^slack%.args%.(.+)"
    if name and method then
      arguments[method] = arguments[method] or {}
      arguments[method][name] = true
      if mark == "" then
        is_required[method .. " " .. name] = true
      end
    end
  end

  it("are there for each method of the table, and for no other", function()
    local known = {}
    for name in methods.names() do
      known[name] = true
    end
    assert.same(known, functions)
  end)

  it("have each argument, and tell which are required", function()
    for name in methods.names() do
      local method, wanted = methods.find(name), {}
      for argument in pairs(method.arguments) do
        wanted[argument] = true
      end
      assert.same({ name, wanted }, { name, arguments[name] or {} })
      for _, argument in ipairs(method.required) do
        assert.truthy(is_required[name .. " " .. argument], name .. " " .. argument)
        is_required[name .. " " .. argument] = nil
      end
    end
    assert.same({}, is_required)
  end)

  it("tell the results of methods that exist alone", function()
    local count = 0
    for name in shape.entries(require "generate.answer_facts") do
      count = count + 1
      assert.truthy(methods.find(name), name)
    end
    assert.truthy(count > 120)
  end)

  it("tell the items of a page as the table does", function()
    local answers = {}
    for name, fields in shape.entries(require "generate.answer_facts") do
      answers[name] = {}
      for _, field in ipairs(shape.read(fields)) do
        answers[name][field.name] = field.type
      end
    end
    local count = 0
    for name in methods.names() do
      local items = methods.find(name).items
      if items and answers[name] then
        count = count + 1
        assert.truthy((answers[name][items] or ""):find "[%]>}]$", name .. ": " .. items)
      end
    end
    assert.truthy(count > 20, count)
  end)
end)

describe("annotations of listeners", function()
  it("are there for each method that registers, and for no other", function()
    local annotated = {}
    for line in each_line() do
      local name = line:match "^%-%-%-@field (%w+_?%w*) fun%(self: slack%.Registrar"
        or line:match "^%-%-%-@field (%w+) slack%.Register"
      if name then
        annotated[name] = true
      end
    end
    annotated._on_change, annotated.every, annotated.at = nil, nil, nil -- of no kind of delivery
    for name in pairs(kinds.METHODS) do
      assert.truthy(annotated[name], name)
      annotated[name] = nil
    end
    assert.same({}, annotated)
  end)

  it("know every event of the catalogue", function()
    local catalogue = io.open(EVENTS)
    if not catalogue then
      return pending("needs the catalogue at " .. EVENTS)
    end
    local known = {}
    for head in shape.entries(event_facts) do
      known[head:match "^%S+"] = true
    end
    for _, event in ipairs(cjson.decode(catalogue:read "a").events) do
      local name = event.name:match "^(message)%." or event.name -- message.channels is a message
      assert.truthy(known[name], name)
    end
    catalogue:close()
  end)

  it("know the events that the examples listen to", function()
    local known, heard = {}, 0
    for head in shape.entries(event_facts) do
      known[head:match "^%S+"] = true
    end
    for _, path in ipairs(files.tree "examples") do
      local text = path:find "%.lua$" and files.read(path) or ""
      for name in text:gmatch 'app:event%(?%s*"([%w_.]+)"' do
        heard = heard + 1
        assert.truthy(known[name], path .. ": " .. name)
      end
    end
    assert.truthy(heard > 0)
  end)
end)

describe("the notation of fields", function()
  local function read(text)
    local parts = {}
    for i, field in ipairs(shape.read(text)) do
      parts[i] = field.name .. (field.is_optional and "? " or " ") .. field.type
    end
    return parts
  end

  it("gives names their usual types", function()
    assert.same({ "user slack.UserId", "thread_ts? slack.Ts", "is_bot boolean", "emoji string" },
      read "user thread_ts? is_bot emoji")
  end)

  it("has lists, objects, and types of one's own", function()
    assert.same({
      "files slack.objects.File[]", "links { domain: string, url?: string }[]",
      "item? { channel: slack.ChannelId }", "kind \"a\"|\"b\"", "map table<string, any>",
      "s table",
    }, read 'files[] links[{domain url?}] item{channel}? kind:"a"|"b" map:table<string,any> s{}')
  end)

  it("says where it cannot be read", function()
    assert.error_matches(function()
      shape.read "user !x"
    end, 'a field expected at "!x"')
  end)
end)
