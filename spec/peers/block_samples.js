// Blocks, elements and objects with all fields that the SDK's types give them, which no
// check may refuse.
const plain = (text) => ({ type: "plain_text", text, emoji: true });
const mrkdwn = (text) => ({ type: "mrkdwn", text, verbatim: false });
const image_url = "https://example.com/image.png";
const image = { type: "image", image_url, alt_text: "A picture" };
const confirm = {
  title: plain("Sure?"),
  text: mrkdwn("Are you *sure*?"),
  confirm: plain("Yes"),
  deny: plain("No"),
  style: "danger",
};
const placeholder = plain("Choose");
const option = (value) => ({ text: plain(value), value, description: plain(`About ${value}`) });
const boxes = [{ text: mrkdwn("*one*"), value: "one", description: mrkdwn("_first_") }];
const options = [option("one"), option("two")];
const option_groups = [{ label: plain("Group"), options }];

// Rich text -----------------------------------------------------------------------------

const style = { bold: true, italic: true, strike: true, code: true, underline: true };
const leaves = [
  { type: "text", text: "styled", style },
  { type: "link", url: "https://example.com", text: "link", unsafe: true, style: { bold: true } },
  { type: "link", url: "https://example.com" },
  { type: "user", user_id: "U012ABCDEF" },
  { type: "usergroup", usergroup_id: "S012ABCDEF" },
  { type: "channel", channel_id: "C012ABCDEF" },
  { type: "team", team_id: "T012ABCDEF" },
  { type: "emoji", name: "wave", unicode: "1f44b", url: "https://example.com/wave.png" },
  { type: "broadcast", range: "here" },
  { type: "color", value: "#C0FFEE" },
  {
    type: "date",
    timestamp: 1767610800,
    format: "{date_long}",
    url: "https://example.com",
    fallback: "once",
  },
];
const sentence = { type: "rich_text_section", elements: leaves };
const simple = (text) => ({
  type: "rich_text",
  elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }],
});
const rich_text = {
  type: "rich_text",
  elements: [
    sentence,
    { type: "rich_text_list", style: "bullet", indent: 1, border: 1, elements: [sentence] },
    { type: "rich_text_list", style: "ordered", offset: 2, elements: [sentence, sentence] },
    { type: "rich_text_quote", border: 1, elements: leaves },
    { type: "rich_text_preformatted", border: 0, elements: [{ type: "text", text: "x = 1" }] },
  ],
};

// Elements --------------------------------------------------------------------------------

let count = 0;
const action_id = () => `action_${++count}`;
const element = (type, fields) => ({ type, action_id: action_id(), ...fields });
const menu = (type, fields) => element(type, { placeholder, confirm, ...fields });

const buttons = () => [
  element("button", {
    text: plain("Press"), value: "v", style: "primary", accessibility_label: "Press me", confirm,
  }),
  element("button", { text: plain("Go"), url: "https://example.com", style: "danger" }),
  element("workflow_button", {
    text: plain("Run"),
    style: "primary",
    accessibility_label: "Run it",
    workflow: {
      trigger: {
        url: "https://slack.com/shortcuts/Ft0123ABC456/123",
        customizable_input_parameters: [{ name: "one", value: "1" }],
      },
    },
  }),
  element("overflow", { confirm, options: [option("one"), { ...option("two"), url: image_url }] }),
];
const choosers = () => [
  element("checkboxes", { options: boxes, initial_options: boxes, confirm }),
  element("radio_buttons", { options: boxes, initial_option: boxes[0], confirm }),
  menu("datepicker", { initial_date: "2026-01-31" }),
  menu("timepicker", { initial_time: "23:59", timezone: "Europe/Berlin" }),
  element("datetimepicker", { initial_date_time: 1767610800, confirm }),
];
const filter = {
  include: ["public", "private", "im", "mpim"],
  exclude_external_shared_channels: true,
  exclude_bot_users: true,
};
const menus = () => [
  menu("static_select", { options, initial_option: options[0] }),
  menu("static_select", { option_groups, initial_option: options[1] }),
  menu("external_select", { initial_option: options[0], min_query_length: 0 }),
  menu("users_select", { initial_user: "U012ABCDEF" }),
  menu("channels_select", { initial_channel: "C012ABCDEF" }),
  menu("conversations_select", { initial_conversation: "C012ABCDEF", filter }),
  menu("conversations_select", { default_to_current_conversation: true }),
  menu("multi_static_select", { options, initial_options: options, max_selected_items: 2 }),
  menu("multi_static_select", { option_groups, initial_options: [options[1]] }),
  menu("multi_external_select", { initial_options: options, min_query_length: 3 }),
  menu("multi_users_select", { initial_users: ["U012ABCDEF"], max_selected_items: 1 }),
  menu("multi_channels_select", { initial_channels: ["C012ABCDEF"] }),
  menu("multi_conversations_select", { initial_conversations: ["C012ABCDEF"], filter }),
];
const dispatch_action_config = {
  trigger_actions_on: ["on_enter_pressed", "on_character_entered"],
};
const typed = (type, fields) => element(type, { placeholder, dispatch_action_config, ...fields });
const texts = () => [
  typed("plain_text_input", {
    initial_value: "a", multiline: true, min_length: 0, max_length: 3000, focus_on_load: true,
  }),
  typed("email_text_input", { initial_value: "ada@example.com" }),
  typed("url_text_input", { initial_value: "https://example.com" }),
  typed("number_input", {
    is_decimal_allowed: true, initial_value: "1.5", min_value: "-1", max_value: "2",
  }),
  typed("rich_text_input", { initial_value: simple("a"), min_lines: 1, max_lines: 5 }),
];

// Blocks ----------------------------------------------------------------------------------

const actions = (elements) => ({ type: "actions", elements });
const section = (fields) => ({ type: "section", text: mrkdwn("*Section*"), ...fields });
const sections = (elements) => elements.map((accessory) => section({ accessory }));
const inputs = (elements) =>
  elements.map((each) => ({
    type: "input",
    label: plain("Label"),
    hint: plain("Hint"),
    optional: true,
    dispatch_action: true,
    element: each,
  }));
const card = {
  type: "card",
  hero_image: image,
  icon: image,
  title: mrkdwn("Title"),
  subtitle: mrkdwn("Subtitle"),
  body: mrkdwn("Body"),
  actions: [{ type: "button", action_id: "of_card", text: plain("Press") }],
};
const task = {
  type: "task_card",
  task_id: "1",
  title: "Search",
  status: "complete",
  details: simple("Details"),
  output: simple("Output"),
  sources: [{ type: "url", url: "https://example.com", text: "Example" }],
};
const cells = [{ type: "raw_text", text: "a" }, { type: "raw_number", value: 1.5, text: "1.5" }];
const layout = () => [
  section({ block_id: "with_fields", fields: [mrkdwn("*a*"), plain("b")], expand: true }),
  { type: "section", fields: [plain("alone")] },
  { type: "header", text: plain("Header") },
  { type: "divider" },
  { ...image, title: plain("Title") },
  { type: "image", slack_file: { id: "F012ABCDEF" }, alt_text: "A file" },
  { type: "image", slack_file: { url: image_url }, alt_text: "A file" },
  { type: "context", elements: [image, mrkdwn("*context*"), plain("plain")] },
  {
    type: "video",
    video_url: "https://example.com/video",
    thumbnail_url: image_url,
    alt_text: "A video",
    title: plain("Title"),
    title_url: "https://example.com",
    author_name: "Ada",
    provider_name: "Example",
    provider_icon_url: image_url,
    description: plain("About it"),
  },
  rich_text,
];
const feedback = (text) => ({ text: plain(text), value: text, accessibility_label: text });
const parts = [section(), { type: "divider" }, { type: "header", text: plain("Header") }];

exports.messages = {
  layout: layout(),
  buttons: [actions(buttons()), ...sections(buttons()), section({ accessory: image })],
  choosers: [actions(choosers()), ...sections(choosers())],
  menus: [actions(menus()), ...sections(menus())],
  inputs: inputs([...choosers(), ...menus(), ...texts()].map((each) => ({ ...each }))),
  rich_text_input: [actions([element("rich_text_input", { placeholder })])],
  file: [{ type: "file", external_id: "ABC", source: "remote" }],
  markdown: [{ type: "markdown", text: "# Title\n\n- a\n- b" }],
  table: [
    {
      type: "table",
      column_settings: [{ align: "right", is_wrapped: true }, { align: "left" }],
      rows: [cells, [simple("rich"), { type: "raw_text", text: "b" }]],
    },
  ],
  data_table: [
    {
      type: "data_table",
      caption: "Numbers",
      page_size: 5,
      row_header_column_index: 0,
      rows: [[{ type: "raw_text", text: "a" }, { type: "raw_text", text: "b" }], cells],
    },
  ],
  context_actions: [
    {
      type: "context_actions",
      elements: [
        element("feedback_buttons", {
          positive_button: feedback("good"), negative_button: feedback("bad"),
        }),
        element("icon_button", {
          icon: "trash",
          text: plain("Delete"),
          value: "v",
          accessibility_label: "Delete it",
          visible_to_user_ids: ["U012ABCDEF"],
          confirm,
        }),
      ],
    },
  ],
  alert: ["default", "info", "warning", "error", "success"].map((level) => ({
    type: "alert", level, text: mrkdwn(level),
  })),
  card: [card],
  carousel: [{ type: "carousel", elements: [card, { type: "card", title: mrkdwn("Short") }] }],
  container: [
    {
      type: "container",
      title: plain("Title"),
      subtitle: mrkdwn("Subtitle"),
      width: "wide",
      icon: image,
      is_collapsible: true,
      default_collapsed: true,
      has_header_divider: true,
      child_blocks: parts,
    },
    { type: "container", rich_text_title: simple("Rich"), child_blocks: [rich_text] },
  ],
  task_card: [task],
  plan: [{ type: "plan", title: "Plan", tasks: [task, { ...task, task_id: "2" }] }],
};
exports.modal = {
  type: "modal",
  callback_id: "samples",
  external_id: "samples",
  private_metadata: "x".repeat(3000),
  title: plain("Samples"),
  submit: plain("Send"),
  close: plain("Close"),
  clear_on_close: true,
  notify_on_close: true,
  blocks: [
    ...layout(),
    actions(buttons()),
    ...inputs([...choosers(), ...menus(), ...texts()]),
    ...inputs([
      element("file_input", { filetypes: ["png", "pdf"], max_files: 10 }),
      element("channels_select", { response_url_enabled: true }),
    ]).map(({ dispatch_action: _, ...block }) => block),
  ],
};
exports.home = {
  type: "home",
  callback_id: "samples",
  external_id: "samples_home",
  private_metadata: "x",
  blocks: [...layout(), actions(buttons()), ...inputs([...choosers(), ...menus(), ...texts()])],
};
