-- What people do to the app: commands, shortcuts, elements of messages and views, modals.

local actions = require "slack.sandbox.actions"
local finding = require "slack.sandbox.page.acts.finding"
local json = require "slack.json"
local own_commands = require "slack.sandbox.page.acts.own_commands"
local shapes = require "slack.sandbox.page.shapes"
local tasks = require "slack.tasks"

local M = {}

local ELEMENT = {
  channel = "string?", ts = "string?", view_id = "string?", block_id = "string?",
  action_id = "string", value = "any?", values = "values?",
}

local TROUBLE <const> = "We had some trouble connecting. Try again?"
local NO_COMMAND <const> = "%s is not a valid command. In Slack, all messages that start with the "
  .. "“/” character are interpreted as commands."

-- What the person is told of an outcome that is none.
local function failure_of(outcome, sentence)
  return {
    failure = outcome.failure and sentence or nil, code = outcome.failure, detail = outcome.detail,
  }
end

-- What would reach nobody fails at once, as at Slack; only events are kept.
local NOBODY <const> = { failure = "dispatch_failed", detail = "the app is not connected" }

-- Does something to the app.
local function send(live, verb, what)
  if not shapes.is_connected(live.page.sandbox) then
    return NOBODY
  end
  return live.team[verb](live.team, what)
end

-- Slack knows the commands from the app's configuration; here a bot may have told them.
local function is_known(live, command)
  local report = live.page.sandbox.report
  local commands = report and report.commands or {}
  for _, known in ipairs(commands) do
    if known.command == command or not tostring(known.command):find "^/[%w_-]+$" then
      return true
    end
  end
  return commands[1] == nil
end

M.command = {
  fields = { channel = "string", command = "string", text = "string?", thread_ts = "string?" },
  run = function(live, given)
    local channel, problem = finding.own_channel(live, given.channel)
    local command = given.command
    if problem then
      return nil, problem
    elseif not command:find "^/%S+$" then
      return nil, "a command begins with a slash, and has no blanks"
    elseif own_commands.by_name[command] then
      local failure = own_commands.by_name[command].run(live, channel, given.text or "")
      return { failure = failure, code = failure and "refused" }
    elseif given.thread_ts then
      return { failure = command .. " is not supported in threads. Sorry!", code = "in_thread" }
    elseif not is_known(live, command) then
      return { failure = NO_COMMAND:format(command), code = "unknown_command" }
    end
    live.page.typed[command] = true
    local outcome = send(live, "command", {
      user = live.me, channel = channel.id, command = command, text = given.text or "",
    })
    return failure_of(outcome, ('%s failed with the error "%s"'):format(command,
      tostring(outcome.failure)))
  end,
}

-- Elements ------------------------------------------------------------------------

local function find_element(place, given)
  return (actions.find(place.message or place.view, given.block_id, given.action_id))
end

-- Values with the files whose ids a file_input holds.
local function with_files(live, place, values)
  for _, block in ipairs(values and (place.message or place.view).blocks or {}) do
    local element = block.element or {}
    local given = (values[block.block_id] or {})[element.action_id]
    if element.type == "file_input" and type(given) == "table" then
      local files = json.list {}
      for i, id in ipairs(given) do
        local file = live.page.sandbox.uploads:find(id, live.team.workspace)
        files[i] = file and file.fields or id
      end
      values[block.block_id][element.action_id] = files
    end
  end
  return values
end

-- One of two buttons in one element is told by its value.
local function feedback_fields(element, value)
  for _, name in ipairs { "positive_button", "negative_button" } do
    local button = element[name]
    if type(button) == "table" and button.value == value then
      return { value = value, text = button.text }
    end
  end
end

local function click_of(live, given)
  local place, problem = finding.place(live, given)
  local element = place and find_element(place, given)
  if not element then
    return nil, problem or "there is no such element any more"
  end
  local click = {
    message = place.message, view = place.view, block_id = given.block_id,
    action_id = given.action_id, by_block = with_files(live, place, given.values),
    value = given.value, user = live.me,
  }
  if element.type == "feedback_buttons" then
    click.fields, click.value = feedback_fields(element, given.value), nil
    return click.fields and click, "there is no such button"
  elseif element.type == "button" or element.type == "workflow_button" then
    click.value = nil
  end
  problem = live.team:choice_problem(click)
  return not problem and click or nil, problem
end

M.click = {
  fields = ELEMENT,
  run = function(live, given)
    local click, problem = click_of(live, given)
    if not click then
      return nil, problem
    end
    return failure_of(send(live, "click", click), TROUBLE)
  end,
}

M.feedback = M.click

M.suggest = {
  fields = ELEMENT,
  run = function(live, given)
    local place, problem = finding.place(live, given)
    local element = place and find_element(place, given)
    if not element then
      return nil, problem or "there is no such element any more"
    end
    local outcome = send(live, "suggest", {
      message = place.message, view = place.view, block_id = given.block_id,
      action_id = given.action_id, by_block = given.values, value = tostring(given.value or ""),
      user = live.me,
    })
    local ack = type(outcome.ack) == "table" and outcome.ack or {}
    local result = failure_of(outcome, "No results: the app gave no options")
    result.option_groups = ack.option_groups
    result.options = not ack.option_groups and (ack.options or json.list {}) or nil
    return result
  end,
}

-- Modals --------------------------------------------------------------------------

-- As the client says it.
local function words_of(problem)
  return problem == "a value is needed" and "Please complete this required field."
    or problem:gsub("^%l", string.upper)
end

local function find_modal(live, view_id, done)
  local view, problem = finding.view(live, view_id)
  if view and view.type ~= "modal" then
    return nil, "a home tab is not " .. done
  end
  return view, problem
end

M.submit = {
  fields = { view_id = "string", values = "values?" },
  run = function(live, given)
    local view, problem = find_modal(live, given.view_id, "submitted")
    if not view then
      return nil, problem
    end
    local values = with_files(live, { view = view }, given.values)
    local what = { view = view, by_block = values, user = live.me }
    local errors = {}
    for _, wrong in ipairs(live.team:submit_problems(what)) do
      errors[wrong.block_id] = errors[wrong.block_id] or words_of(wrong.text)
    end
    if next(errors) then
      return { errors = errors }
    end
    local outcome = send(live, "submit", what)
    local ack = type(outcome.ack) == "table" and outcome.ack or {}
    local result = failure_of(outcome, TROUBLE)
    result.errors = not outcome.failure and ack.response_action == "errors" and ack.errors or nil
    return result
  end,
}

M.close_view = {
  fields = { view_id = "string", is_cleared = "boolean?" },
  run = function(live, given)
    local view, problem = find_modal(live, given.view_id, "closed")
    if not view then
      return nil, problem
    end
    -- The person need not wait until the app has heard of it.
    tasks.spawn(live.team.close_view, live.team, {
      view = view, is_cleared = given.is_cleared, user = live.me,
    })
    return {}
  end,
}

-- Shortcuts -----------------------------------------------------------------------

M.shortcut = {
  fields = { callback_id = "string" },
  run = function(live, given)
    return failure_of(send(live, "shortcut", {
      callback_id = given.callback_id, user = live.me,
    }), TROUBLE)
  end,
}

M.message_shortcut = {
  fields = { callback_id = "string", channel = "string", ts = "string" },
  run = function(live, given)
    local message, problem = finding.common_message(live, given)
    if not message then
      return nil, problem
    end
    return failure_of(send(live, "shortcut", {
      callback_id = given.callback_id, message = message, user = live.me,
    }), TROUBLE)
  end,
}

return M
