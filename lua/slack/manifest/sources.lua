-- The Lua files of a program: its own, its scripts, and those of its modules that lie beside
-- them; and what their calls need.

local Folder = require "slack.folder"
local calls = require "slack.manifest.calls"
local core = require "slack.core"
local helpers = require "slack.manifest.helpers"
local listeners = require "slack.manifest.listeners"
local tokens = require "slack.manifest.tokens"

local M = {}

local CUSTOMIZED = { username = true, icon_emoji = true, icon_url = true }

-- Files --------------------------------------------------------------------------------------

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

local function folder_of(path)
  return path:match "^(.*)/[^/]*$" or "."
end

-- As it is shown, and so that no file is there under two names.
local function tidy(path)
  return (path:gsub("^%./+", ""))
end

local function join(folder, name)
  return tidy(folder .. "/" .. name)
end

-- The file of a module that lies below one of the folders.
local function find_module(name, folders)
  local path = name:gsub("%.", "/")
  for _, folder in ipairs(folders) do
    for _, suffix in ipairs { ".lua", "/init.lua" } do
      local file = join(folder, path .. suffix)
      if select(2, core.stat(file)) == "file" then
        return file
      end
    end
  end
end

local function required(text)
  local names, list = {}, tokens.read(text)
  for i, token in ipairs(list) do
    if token.kind == "name" and token.text == "require" and list[i + 1] then
      local argument = list[i + 1].kind == "string" and list[i + 1] or list[i + 2]
      if argument and argument.kind == "string" then
        names[#names + 1] = argument.text
      end
    end
  end
  return names
end

local function add_file(found, path, folders)
  local text = not found[path] and read(path)
  if not text then
    return
  end
  found[path], found[#found + 1] = text, path
  for _, name in ipairs(required(text)) do
    local file = find_module(name, folders)
    if file then
      add_file(found, file, folders)
    end
  end
end

---The files of a program, and their texts by path.
---@param path string of the program
---@param scripts? string folder of handler scripts
---@return table files paths in a list; texts by path
function M.files(path, scripts)
  local found, folders = {}, { folder_of(path), scripts }
  add_file(found, tidy(path), folders)
  for _, name in ipairs(scripts and M.scripts(scripts) or {}) do
    add_file(found, join(scripts, name), folders)
  end
  return found
end

---The Lua files below a folder, by their paths in it.
---@param folder string
---@return string[]
function M.scripts(folder)
  local names = {}
  for name in pairs((Folder.new(folder, { warn = function() end }, core.time):changes())) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- What they need ---------------------------------------------------------------------------------

local function add_given(needs, call, reason)
  for name in pairs(CUSTOMIZED) do
    if call.given[name] then
      needs:add_scope("bot", { "chat:write.customize" }, {
        what = ("%s with %s"):format(reason.what, name), place = reason.place,
      })
    end
  end
end

local function add_wait(needs, call, reason)
  local given = call.given
  if type(given.event) == "string" then
    listeners.add_event(needs, given.event, {}, reason)
  end
  if given.message then
    listeners.add_messages(needs, {}, reason)
  end
  if given.action or given.view or given.view_closed or given.shortcut then
    needs:add_feature("interactivity", reason)
  end
end

local function add_helper(needs, call, place)
  local helper = helpers[call.helper]
  local reason = { what = helper.as or "c:" .. call.helper, place = place }
  for _, method in ipairs(helper.methods or {}) do
    needs:add_method(method, reason)
  end
  if helper.is_interactive then
    needs:add_feature("interactivity", reason)
  end
  if helper.has_home then
    needs:add_feature("home_tab", reason)
  end
  if helper.hears then
    listeners.add_messages(needs, {}, reason)
  end
  if call.helper == "wait" then
    add_wait(needs, call, reason)
  end
  add_given(needs, call, reason)
end

local function add_call(needs, call)
  local place = ("%s:%d"):format(call.file, call.line)
  if call.is_computed then
    needs:note("which Web API method is called here is known only at run time", place)
  elseif call.helper then
    add_helper(needs, call, place)
  else
    local reason = { what = call.method, place = place }
    needs:add_method(call.method, reason, call.given, call.is_user)
    if call.method == "views.publish" then
      needs:add_feature("home_tab", reason)
    elseif call.method:find "^views%." then
      needs:add_feature("interactivity", reason)
    elseif call.method == "chat.postMessage" then
      add_given(needs, call, reason)
    end
  end
end

---@param needs slack.manifest.Needs is added to
---@param path string of the program
---@param scripts? string
function M.add(needs, path, scripts)
  local files = M.files(path, scripts)
  for _, file in ipairs(files) do
    for _, call in ipairs(calls.find(files[file], file)) do
      add_call(needs, call)
    end
  end
end

return M
