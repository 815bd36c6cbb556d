-- A message and a modal with each element; whatever is used is said.
local app = ...

local function text(words)
  return { type = "plain_text", text = words }
end

local function options(...)
  local list = {}
  for i, name in ipairs { ... } do
    list[i] = { text = text(name), value = name:lower() }
  end
  return list
end

local GROUPS = {
  { label = text "Fruit", options = options("Apple", "Pear") },
  { label = text "Nuts", options = options("Almond") },
}

app:command("/elements", function(c)
  c:say { text = "Elements", blocks = {
    { type = "header", text = text "Elements :tada:" },
    { type = "section", text = { type = "mrkdwn", text = "*Section* with a select" },
      accessory = { type = "static_select", action_id = "fruit", option_groups = GROUPS,
        placeholder = text "Choose fruit" } },
    { type = "section", fields = {
      { type = "mrkdwn", text = "*Left*\nOne" }, { type = "mrkdwn", text = "*Right*\nTwo" },
    }, accessory = { type = "overflow", action_id = "over",
      options = options("Edit", "Archive") } },
    { type = "actions", elements = {
      { type = "button", action_id = "plain", text = text "Press", value = "1" },
      { type = "button", action_id = "primary", text = text "Approve", style = "primary" },
      { type = "button", action_id = "danger", text = text "Delete", style = "danger", confirm = {
        title = text "Are you sure?", text = text "It cannot be undone.", confirm = text "Delete",
        deny = text "Keep",
      } },
      { type = "datepicker", action_id = "day", initial_date = "2026-01-31" },
      { type = "timepicker", action_id = "hour", initial_time = "09:30" },
      { type = "users_select", action_id = "user", placeholder = text "Who?" },
      { type = "external_select", action_id = "city", min_query_length = 1,
        placeholder = text "Which city?" },
    } },
    { type = "actions", elements = {
      { type = "checkboxes", action_id = "boxes", options = options("Red", "Green") },
      { type = "radio_buttons", action_id = "radio", options = options("Small", "Large") },
    } },
    { type = "context", elements = { { type = "mrkdwn", text = "Context with _markup_" } } },
    { type = "divider" },
    { type = "rich_text", elements = {
      { type = "rich_text_section", elements = {
        { type = "text", text = "Rich " },
        { type = "text", text = "bold", style = { bold = true } },
        { type = "emoji", name = "rocket" }, { type = "link", url = "https://example.com/" },
      } },
      { type = "rich_text_list", style = "bullet", elements = {
        { type = "rich_text_section", elements = { { type = "text", text = "one" } } },
        { type = "rich_text_section", elements = { { type = "text", text = "two" } } },
      } },
      { type = "rich_text_quote", elements = { { type = "text", text = "quoted" } } },
      { type = "rich_text_preformatted", elements = { { type = "text", text = "pre = 1" } } },
    } },
    { type = "table", rows = {
      { { type = "raw_text", text = "Name" }, { type = "raw_text", text = "Count" } },
      { { type = "raw_text", text = "Ada" }, { type = "raw_text", text = "3" } },
    }, column_settings = { { align = "left" }, { align = "right" } } },
    { type = "markdown", text = "## Markdown\n\n1. **one**\n2. `two`\n\n"
      .. "| a | b |\n|---|---|\n| 1 | 2 |" },
    { type = "context_actions", elements = { { type = "feedback_buttons", action_id = "judge",
      positive_button = { text = text "Good", value = "good" },
      negative_button = { text = text "Bad", value = "bad" } } } },
  } }
end)

app:options("city", function(c)
  local found = {}
  for _, option in ipairs(options("Oslo", "Osaka", "Lima")) do
    if option.value:find(c.options.value:lower(), 1, true) then found[#found + 1] = option end
  end
  return found
end)

local USED = {
  "fruit", "over", "plain", "primary", "danger", "day", "hour", "user", "city", "boxes", "radio",
  "judge",
}

app:action({ action_id = USED }, function(c)
  local a = c.action
  local chosen = a.selected_option and a.selected_option.value or a.selected_date or a.selected_time
    or a.selected_user or a.value or ""
  for _, option in ipairs(a.selected_options or {}) do
    chosen = chosen .. option.value .. " "
  end
  c:say(("Used %s: %s"):format(a.action_id, chosen))
end)

local function input(label, element, more)
  local block = { type = "input", block_id = element.action_id, label = text(label),
    element = element, optional = true }
  for name, value in pairs(more or {}) do
    block[name] = value
  end
  return block
end

app:command("/fields", function(c)
  c:open { type = "modal", callback_id = "fields", title = text "Fields", submit = text "Send",
    blocks = {
      input("Text", { type = "plain_text_input", action_id = "text", max_length = 20 }),
      input("Email", { type = "email_text_input", action_id = "email" }),
      input("URL", { type = "url_text_input", action_id = "url" }),
      input("Rich", { type = "rich_text_input", action_id = "rich" }),
      input("Several", { type = "multi_static_select", action_id = "several",
        options = options("Red", "Green", "Blue"), max_selected_items = 2 }),
      input("People", { type = "multi_users_select", action_id = "people" }),
      input("Conversation", { type = "conversations_select", action_id = "conversation",
        default_to_current_conversation = true }),
      input("Channel", { type = "channels_select", action_id = "channel" }),
      input("Moment", { type = "datetimepicker", action_id = "moment" }),
      input("Boxes", { type = "checkboxes", action_id = "tick", options = options("Yes", "No") }),
      input("Radio", { type = "radio_buttons", action_id = "one",
        options = options("This", "That") }),
      input("Files", { type = "file_input", action_id = "files", max_files = 2 }),
    } }
end)

app:view("fields", function(c)
  local said = {}
  for block_id, block in pairs(c.body.view.state.values) do
    local held = block[block_id]
    local value = held.value or held.selected_channel or held.selected_conversation
      or held.selected_date_time or held.selected_option and held.selected_option.value
    for _, one in ipairs(held.selected_options or {}) do
      value = (value or "") .. one.value .. "+"
    end
    if value then said[#said + 1] = ("%s=%s"):format(block_id, value) end
  end
  table.sort(said)
  c:say { channel = c.user_id, text = "Fields: " .. table.concat(said, " ") }
end)

-- What no program should send; Slack takes some of it.
app:command("/odd", function(c)
  local script = "javascript:alert(1)"
  c.client.chat.postMessage { channel = c.channel_id, text = "Odd", icon_url = script,
    attachments = { { text = 5 } } }
  c.client.chat.postMessage { channel = c.channel_id, text = "Odder", attachments = { {
    title = "Attached", title_link = script, author_icon = script, image_url = script,
    thumb_url = script, text = "<" .. script .. "|click>",
  } } }
  c:say "After the odd ones &lt;img src=x onerror=alert(1)&gt;"
end)
