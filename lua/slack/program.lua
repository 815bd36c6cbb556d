-- A bot's program, run by a command: its modules are found beside it, `arg` is as lua
-- itself sets it, and its app is handed over when it would run.

local FakeNetwork = require "slack.fake_network"
local core = require "slack.core"
local errors = require "slack.errors"
local hosting = require "slack.hosting"
local loop = require "slack.loop"
local raised = require "slack.raised"
local tasks = require "slack.tasks"

local M = {}

---The program of who names none.
M.DEFAULT = "bot.lua"

local STOPPED = setmetatable({}, { __tostring = function() return "the app is not run here" end })

-- Loading ------------------------------------------------------------------------------

local function failure(code, message, traceback)
  return errors.new { code = code, message = core.redact(message), traceback = traceback }
end

local function compile(path)
  local _, kind = core.stat(path)
  if kind ~= "file" then
    return nil, failure("no_program", kind and ("%s is a %s, the file of a program expected")
      :format(path, kind) or ("there is no file %s"):format(path))
  end
  local chunk, message = loadfile(path, "t")
  if not chunk then
    return nil, failure("syntax", raised.of_load(message, path))
  end
  return chunk
end

-- What lies in the folder of the program comes before what is installed, as it does for
-- scripts of their own (`require "model"` of a model.lua beside it).
local function find_modules_beside(path)
  local folder = path:match "^(.*)/[^/]*$" or "."
  local own = ("%s/?.lua;%s/?/init.lua;"):format(folder, folder)
  if package.path:sub(1, #own) ~= own then
    package.path = own .. package.path
  end
end

local function set_arguments(path, arguments)
  local given = { [0] = path }
  local first = 0
  while arg and arg[first - 1] do
    first = first - 1
  end
  given[-1] = arg and arg[first] or "lua"
  _G.arg = table.move(arguments, 1, #arguments, 1, given)
end

---@param path string
---@param arguments? string[]
---@return function? chunk
---@return slack.Error? err
local function prepare(path, arguments)
  local chunk, err = compile(path)
  if not chunk then
    return nil, err
  end
  find_modules_beside(path)
  set_arguments(path, arguments or {})
  return chunk
end

-- The frames of the program, without those of what runs it.
local function program_part(traceback)
  return raised.part_above(raised.own_part(traceback), "slack/program.lua")
end

-- Ctrl-C before the app runs is an error that Lua's own program raises.
local function is_interrupt(err)
  return type(err) == "string" and err:find "interrupted!$" ~= nil
end

-- Lua tells some twenty files that a module was looked for in.
local function without_places(text)
  return (text:gsub("(module '[^'\n]*' not found):\n\tno f.*", "%1, neither beside the program nor "
    .. "where LUA_PATH and LUA_CPATH lead"))
end

local function caught(err)
  if err == STOPPED or is_interrupt(err) then
    return err
  end
  local traceback = debug.traceback("", 2)
  return failure("program", without_places(raised.text(err)),
    not raised.is_misuse(traceback) and program_part(traceback) or nil)
end

local END = "end it with os.exit(app:run() or 1)"

local function no_app(path)
  return failure("no_app", hosting.made() > 0
    and ("%s makes an app but does not run it: %s"):format(path, END)
    or ("%s makes no app: begin it with local app = require(\"slack\").app {}, %s"):format(path,
      END))
end

local function failed(problem)
  if is_interrupt(problem) then
    error(problem, 0)
  end
  return nil, problem
end

local function release_host()
  hosting.take_over(nil)
end

-- What a program asks before its app runs is not asked with tokens that are none.
local function offline(asked)
  return {
    code = "offline", message = ("%s is not asked: the program is loaded, and not run"):format(
      asked.host),
  }
end

-- Loading, up to the run ---------------------------------------------------------------

---@class slack.Program
---@field path string
---@field apps slack.App[] unstarted, with what the program itself has registered; its
---  scripts are not loaded yet

---Runs a program until its app would run, and no further. Tokens need not be there.
---@async
---@param path? string bot.lua
---@param options? { arguments: string[]? }
---@return slack.Program? program
---@return slack.Error? err with file and line; code "no_program", "syntax", "program" (it
---  failed; `err.traceback`, if there is more to tell) or "no_app"
function M.load(path, options)
  path = path or M.DEFAULT
  local chunk, err = prepare(path, options and options.arguments)
  if not chunk then
    return nil, err
  end
  local apps, own = {}, nil
  local function take(app)
    table.insert(apps, app)
    if coroutine.running() == own and coroutine.isyieldable() then
      coroutine.yield()
    end
    error(STOPPED, 0) -- from a task of the program's, or through a C function such as require
  end
  hosting.take_over(take, { offline = true, on_start = take })
  local connect = FakeNetwork.attach(loop.default(), offline)
  local guard <close> = setmetatable({}, { __close = function() -- luacheck: ignore 211
    release_host()
    connect()
  end })
  local ok, problem = tasks.wrap(function()
    own = coroutine.running()
    return xpcall(chunk, caught, table.unpack(_G.arg))
  end)()
  if apps[1] then
    return { path = path, apps = apps }
  end
  if ok == false then
    return failed(problem)
  end
  return nil, no_app(path)
end

-- Running --------------------------------------------------------------------------------

---Runs a program for real, to its end; on_app(app) is called before an app of it starts.
---@async
---@param path? string bot.lua
---@param on_app? fun(app: slack.App)
---@param options? { arguments: string[]?, on_start: fun(app: slack.App)? } on_start: called as
---  it starts, with the option `workers` in each of them
---@return true? ok
---@return slack.Error? err as M.load has
function M.run(path, on_app, options)
  path, options = path or M.DEFAULT, options or {}
  local chunk, err = prepare(path, options.arguments)
  if not chunk then
    return nil, err
  end
  local seen = {}
  local function see(app)
    if not seen[app] then
      seen[app] = true
      if on_app then
        on_app(app)
      end
    end
  end
  hosting.take_over(function(app, run)
    see(app)
    return run()
  end, { on_start = function(app)
    see(app)
    if options.on_start then
      options.on_start(app)
    end
  end })
  local guard <close> = setmetatable({}, { __close = release_host }) -- luacheck: ignore 211
  local ok, problem = xpcall(chunk, caught, table.unpack(_G.arg))
  if not ok then
    return failed(problem)
  elseif not next(seen) then
    return nil, no_app(path)
  end
  return true
end

return M
