// A Bolt for JavaScript bot with a listener of every kind that bots in the field have. What it
// is told it writes into #log; "call METHOD ARGUMENTS" has it call the Web API.
const { App, LogLevel } = require(process.env.BOLT);
const transport = require("./transport.js");

const app = new App({
  ...transport.options,
  clientOptions: {
    ...transport.options.clientOptions,
    retryConfig: { retries: 3, minTimeout: 20, maxTimeout: 40, factor: 1 },
  },
  logLevel: LogLevel.ERROR,
});
const plain = (text) => ({ type: "plain_text", text });
const option = (name) => ({ text: plain(name), value: name.toLowerCase() });
const note = (text) => app.client.chat.postMessage({ channel: "#log", text });

// Events -----------------------------------------------------------------------------------

for (const type of [
  "channel_created", "channel_rename", "channel_archive", "channel_unarchive", "channel_left",
  "member_joined_channel", "member_left_channel", "pin_added", "pin_removed", "reaction_added",
  "reaction_removed", "team_join", "user_change", "file_shared", "subteam_created",
  "app_mention", "message_metadata_posted",
]) {
  app.event(type, async ({ event }) => note(`event ${type} ${JSON.stringify(event)}`));
}
for (const subtype of ["message_changed", "message_deleted", "channel_topic", "thread_broadcast"]) {
  app.message(async ({ message }) => {
    if (message.subtype === subtype && message.channel_type !== "im") {
      const text = message.message?.text ?? message.previous_message?.text ?? message.text;
      if (!/^(event|answer|refused|action|used)/.test(text)) {
        await note(`event ${subtype} ${text}`);
      }
    }
  });
}
app.event("link_shared", async ({ event, client }) => {
  const unfurls = Object.fromEntries(
    event.links.map(({ url }) => [url, { text: `Preview of ${url}` }]),
  );
  await client.chat.unfurl({ unfurl_id: event.unfurl_id, source: event.source, unfurls });
});

// Messages ---------------------------------------------------------------------------------

app.message(/^call (\S+) (.*)$/s, async ({ context, client }) => {
  const [, method, args] = context.matches;
  await client
    .apiCall(method, JSON.parse(args))
    .then(({ ok, response_metadata, ...answer }) => note(`answer ${JSON.stringify(answer)}`))
    .catch((error) => note(`refused ${error.data?.error ?? error.code}`));
});
app.message("pages", async ({ client }) => {
  const names = [];
  for await (const page of client.paginate("conversations.list", { limit: 1 })) {
    names.push(...page.channels.map((channel) => channel.name));
  }
  await note(`pages ${names.join(" ")}`);
});
app.message(/^say (\w+)$/, async ({ context, message, say }) => {
  await {
    text: () => say("As text."),
    blocks: () => say({ text: "x", blocks: [{ type: "section", text: plain("As blocks.") }] }),
    thread: () => say({ text: "In the thread.", thread_ts: message.ts }),
    everywhere: () =>
      say({ text: "In both.", thread_ts: message.ts, reply_broadcast: true }),
  }[context.matches[1]]();
});
app.message("elements", async ({ say }) => {
  const actions = (block_id, ...elements) => ({ type: "actions", block_id, elements });
  const options = ["One", "Two", "Three"].map(option);
  await say({
    text: "Elements.",
    blocks: [
      actions(
        "first",
        { type: "button", action_id: "use_button", text: plain("Press"), value: "pressed" },
        { type: "button", action_id: "use_link", text: plain("Go"), url: "https://example.com/" },
        { type: "overflow", action_id: "use_overflow", options },
        { type: "static_select", action_id: "use_select", options },
        { type: "datepicker", action_id: "use_day" },
      ),
      actions(
        "second",
        { type: "timepicker", action_id: "use_time" },
        { type: "checkboxes", action_id: "use_boxes", options },
        { type: "radio_buttons", action_id: "use_radio", options },
        { type: "users_select", action_id: "use_user" },
        { type: "multi_users_select", action_id: "use_users", placeholder: plain("Who?") },
        { type: "channels_select", action_id: "use_channel" },
        { type: "conversations_select", action_id: "use_conversation" },
      ),
    ],
  });
});

// Actions, commands, shortcuts ----------------------------------------------------------------

app.action(/^use_/, async ({ ack, action, body }) => {
  await ack();
  const { action_id, block_id, action_ts, text, type, ...rest } = action;
  await note(`action ${type} ${JSON.stringify({ rest, state: body.state.values[block_id] })}`);
});
app.command("/ack", async ({ ack, command, respond }) => {
  await {
    text: () => ack("Text."),
    message: () => ack({ blocks: [{ type: "section", text: plain("Blocks.") }] }),
    all: () => ack({ response_type: "in_channel", text: "For all." }),
    nothing: () => ack(),
    responses: async () => {
      await ack();
      for (let i = 1; i <= 6; i++) {
        await respond(`Response ${i}.`).catch((error) => note(`refused ${error.message}`));
      }
    },
  }[command.text]();
});
app.message("answer me", async ({ say }) => {
  const elements = ["replace", "remove", "beside", "thread"].map((name) => ({
    type: "button", action_id: name, text: plain(name),
  }));
  await say({ text: "How?", blocks: [{ type: "actions", elements }] });
});
app.action("replace", async ({ ack, respond }) => {
  await ack();
  await respond({ text: "Replaced.", replace_original: true });
});
app.action("remove", async ({ ack, respond }) => {
  await ack();
  await respond({ delete_original: true });
});
app.action("beside", async ({ ack, respond }) => {
  await ack();
  await respond({ text: "Beside.", replace_original: false });
});
app.action("thread", async ({ ack, body, respond }) => {
  await ack();
  await respond({
    text: "Below.", response_type: "in_channel", replace_original: false,
    thread_ts: body.message.ts,
  });
});
app.shortcut({ callback_id: "new", type: "shortcut" }, async ({ ack, shortcut }) => {
  await ack();
  await note(`used ${shortcut.type} by ${shortcut.user.id}`);
});
app.shortcut({ callback_id: "about", type: "message_action" }, async (args) => {
  const { ack, shortcut, respond, say } = args;
  await ack();
  await note(`used ${shortcut.type} on ${shortcut.message.text}`);
  await respond("Only for you.");
  await say("About it.");
});

app.error(async (error) => console.error("error", error.code, error.message, error.stack));
transport.start(app);
