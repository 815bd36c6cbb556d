// A Bolt for JavaScript bot with what came later than messages: modals, menus, home tab, an
// assistant, streams, steps of workflows, files. Which Bolt and which Slack the environment says.
const { App, Assistant, LogLevel } = require(process.env.BOLT);
const samples = require("./block_samples.js");
const transport = require("./transport.js");

const app = new App({ ...transport.options, logLevel: LogLevel.WARN });
const plain = (text) => ({ type: "plain_text", text });
const section = (text) => ({ type: "section", text: { type: "mrkdwn", text } });
const failure = (error) =>
  `${error.data?.error ?? error.message} ${error.data?.response_metadata?.messages ?? ""}`;

// Modals and menus ---------------------------------------------------------------------

const external = (action_id) => ({
  type: "input",
  block_id: action_id,
  optional: true,
  label: plain(action_id),
  element: { type: "external_select", action_id, min_query_length: 0 },
});

const form = () => ({
  type: "modal",
  callback_id: "order",
  notify_on_close: true,
  private_metadata: "kept",
  title: plain("Order"),
  submit: plain("Send"),
  blocks: [
    {
      type: "input",
      block_id: "count",
      label: plain("How many?"),
      element: { type: "number_input", is_decimal_allowed: false, action_id: "number" },
    },
    external("fruit"),
    external("groups"),
    {
      type: "actions",
      block_id: "more",
      elements: [
        { type: "button", action_id: "deeper", text: plain("Deeper") },
        { type: "button", action_id: "refresh", text: plain("Refresh") },
      ],
    },
  ],
});
const page = (title, text) => ({
  type: "modal",
  callback_id: "order",
  title: plain(title),
  blocks: [section(text)],
});

app.shortcut("order", async ({ ack, client, shortcut }) => {
  await ack();
  await client.views.open({ trigger_id: shortcut.trigger_id, view: form() });
});
app.action("deeper", async ({ ack, body, client }) => {
  await ack();
  await client.views.push({ trigger_id: body.trigger_id, view: page("Pushed", "By a call.") });
});
app.action("refresh", async ({ ack, body, client }) => {
  await ack();
  const view = { ...form(), title: plain("Refreshed") };
  await client.views.update({ view_id: body.view.id, hash: body.view.hash, view });
  await client.views
    .update({ view_id: body.view.id, hash: "1.stale", view })
    .catch((error) => app.client.chat.postMessage({ channel: "#general", text: failure(error) }));
});
app.view("order", async ({ ack, view, body, client }) => {
  const number = Number(view.state.values.count.number.value);
  if (number === 0) {
    await ack({ response_action: "errors", errors: { count: "At least one." } });
  } else if (number === 1) {
    await ack({ response_action: "update", view: page("Updated", view.private_metadata) });
  } else if (number === 2) {
    await ack({ response_action: "push", view: page("Stacked", "By an ack.") });
  } else {
    await ack({ response_action: "clear" });
    const fruit = view.state.values.fruit.fruit.selected_option;
    await client.chat.postMessage({
      channel: body.user.id,
      text: `${number} of ${fruit.text.text} ordered.`,
    });
  }
});
app.view({ callback_id: "order", type: "view_closed" }, async ({ ack, body, client }) => {
  await ack();
  await client.chat.postMessage({ channel: "#general", text: `Closed: ${body.is_cleared}.` });
});
const option = (name) => ({ text: plain(name), value: name.toLowerCase() });
app.options("fruit", async ({ ack, payload }) => {
  const found = ["Apple", "Apricot", "Pear"].filter((name) => name.startsWith(payload.value));
  await ack({ options: found.map(option) });
});
app.options("groups", async ({ ack }) => {
  await ack({ option_groups: [{ label: plain("Fruit"), options: [option("Apple")] }] });
});

// Home tab -------------------------------------------------------------------------------

app.event("app_home_opened", async ({ event, client }) => {
  const text = event.view ? "Welcome back." : "Welcome.";
  await client.views.publish({
    user_id: event.user,
    view: {
      type: "home",
      blocks: [
        section(text),
        {
          type: "actions",
          elements: [{ type: "button", action_id: "at_home", text: plain("Press") }],
        },
      ],
    },
  });
});
app.action("at_home", async ({ ack, body, client }) => {
  await ack();
  await client.views.publish({
    user_id: body.user.id,
    hash: body.view.hash,
    view: { type: "home", blocks: [section(`Pressed in ${body.container.type}.`)] },
  });
});

// An assistant, and streams --------------------------------------------------------------

const feedback = {
  type: "context_actions",
  elements: [
    {
      type: "feedback_buttons",
      action_id: "feedback",
      positive_button: { text: plain("Good"), value: "good" },
      negative_button: { text: plain("Bad"), value: "bad" },
    },
  ],
};

async function stream(streamer) {
  await streamer.append({ markdown_text: "**Looking" });
  await streamer.append({ markdown_text: " it up.** " });
  await streamer.append({
    chunks: [{ type: "task_update", id: "1", title: "Search", status: "in_progress" }],
  });
  await streamer.append({ markdown_text: "x".repeat(300) });
  await streamer.append({
    chunks: [
      { type: "task_update", id: "1", title: "Search", status: "complete", output: "Two pages" },
    ],
  });
  await streamer.stop({ markdown_text: " Done.", blocks: [feedback] });
}

app.assistant(
  new Assistant({
    threadStarted: async ({ say, setSuggestedPrompts, saveThreadContext }) => {
      await say("How can I help?");
      await saveThreadContext();
      await setSuggestedPrompts({
        title: "Perhaps",
        prompts: [{ title: "Sum up", message: "Sum up this channel." }],
      });
    },
    userMessage: async ({ message, say, sayStream, setStatus, setTitle, getThreadContext }) => {
      await setTitle(message.text);
      await setStatus({ status: "is thinking…", loading_messages: ["Reading…", "Writing…"] });
      const looking_at = (await getThreadContext()).channel_id;
      if (message.text.startsWith("Sum up")) {
        await stream(sayStream());
        await say(`You look at <#${looking_at}>.`);
      }
    },
  }),
);

app.message("stream", async ({ message, context, client }) => {
  const streamer = client.chatStream({
    channel: message.channel,
    thread_ts: message.ts,
    recipient_user_id: message.user,
    recipient_team_id: context.teamId,
  });
  await stream(streamer);
  await client.chat
    .appendStream({ channel: message.channel, ts: streamer.ts, markdown_text: "late" })
    .catch((error) => client.chat.postMessage({ channel: "#general", text: failure(error) }));
});
app.action("feedback", async ({ ack, action, respond }) => {
  await ack();
  await respond({ text: `It was ${action.value}.`, replace_original: false });
});

// Steps of workflows ---------------------------------------------------------------------

app.function("add", async ({ inputs, complete, fail }) => {
  if (typeof inputs.a !== "number" || typeof inputs.b !== "number") {
    await fail({ error: "Numbers, please." });
  } else {
    await complete({ outputs: { sum: inputs.a + inputs.b } });
  }
});
app.function("approve", async ({ client, inputs }) => {
  const button = (action_id) => ({ type: "button", action_id, text: plain(action_id) });
  await client.chat.postMessage({
    channel: inputs.channel,
    text: "Do you approve?",
    blocks: [{ type: "actions", elements: [button("approve"), button("deny")] }],
  });
});
app.action("approve", async ({ ack, complete, inputs }) => {
  await ack();
  await complete({ outputs: { channel: inputs.channel } });
});
app.action("deny", async ({ ack, fail }) => {
  await ack();
  await fail({ error: "Denied." });
});

// Files -----------------------------------------------------------------------------------

app.message("send files", async ({ message, client }) => {
  await client.filesUploadV2({
    channel_id: message.channel,
    thread_ts: message.ts,
    initial_comment: "Two files.",
    file_uploads: [
      { content: "one", filename: "one.txt", title: "First" },
      { file: Buffer.from([0, 255, 10]), filename: "two.bin", alt_text: "Three bytes" },
    ],
  });
});

// Blocks ----------------------------------------------------------------------------------

app.message("samples", async ({ message, client }) => {
  for (const [name, blocks] of Object.entries(samples.messages)) {
    await client.chat
      .postMessage({ channel: message.channel, text: name, blocks })
      .catch((error) => console.error("refused", name, failure(error)));
  }
  await client.chat.postMessage({ channel: message.channel, text: "All samples sent." });
});
app.shortcut("samples", async ({ ack, client, shortcut }) => {
  await ack();
  await client.views
    .open({ trigger_id: shortcut.trigger_id, view: samples.modal })
    .catch((error) => console.error("refused", failure(error)));
  await client.views
    .publish({ user_id: shortcut.user.id, view: samples.home })
    .catch((error) => console.error("refused", failure(error)));
});
app.view("samples", async ({ ack }) => ack());
app.view({ callback_id: "samples", type: "view_closed" }, async ({ ack }) => ack());

app.error(async (error) => console.error("error", error.code, error.message, error.stack));
transport.start(app);
