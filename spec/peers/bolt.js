// A Bolt for JavaScript bot in Socket Mode that answers a message, a slash
// command and a button. Which Bolt and which Slack the environment says.
const { App } = require(process.env.BOLT);

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
});

app.message(/^hello (\w+)/, async ({ context, message, say }) => {
  await say(`Hello ${context.matches[1]}, <@${message.user}>.`);
});

app.message("in a thread", async ({ message, client }) => {
  await client.chat.postMessage({
    channel: message.channel,
    thread_ts: message.ts,
    text: "Here.",
  });
});

app.command("/echo", async ({ ack, command, respond }) => {
  await ack(`Heard ${command.text}.`);
  await respond({ text: `Echo of ${command.text}.`, response_type: "in_channel" });
});

app.message("press", async ({ say }) => {
  await say({
    text: "A button.",
    blocks: [
      {
        type: "actions",
        elements: [
          {
            type: "button",
            action_id: "press",
            value: "one",
            text: { type: "plain_text", text: "Press" },
          },
        ],
      },
    ],
  });
});

app.action("press", async ({ ack, action, body, respond, client }) => {
  await ack();
  await client.chat.update({
    channel: body.channel.id,
    ts: body.message.ts,
    text: `Pressed ${action.value}.`,
    blocks: [],
  });
  await respond({ text: "Thank you.", replace_original: false });
});

app.error(async (error) => console.error("error", error.code, error.message));
process.on("SIGTERM", () => app.stop().then(() => process.exit(0)));
app.start().then(() => console.log("started"));
