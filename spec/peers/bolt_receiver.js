// Bolt for JavaScript on HTTP with the listeners that the comparison asks for.
// Which Bolt, Slack and port the environment says.
const { App, LogLevel } = require(process.env.BOLT);

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
  logLevel: LogLevel.ERROR,
});
const raise = async () => {
  throw new Error("on purpose");
};

app.event("app_mention", async () => {});
app.message("hello", async () => {});
app.event("pin_added", raise);
app.command("/echo", async ({ ack, command }) => ack(`Heard ${command.text}.`));
app.command("/message", async ({ ack }) => ack({ text: "For all.", response_type: "in_channel" }));
app.command("/silent", async ({ ack }) => ack());
app.command("/raise", raise);
app.action("press", async ({ ack }) => ack());
app.action("raise", raise);
app.action({ callback_id: "old" }, async ({ ack }) => ack({ text: "Replaced." }));
app.view("form", async ({ ack, view }) => {
  const value = view.state.values.name.name.value;
  if (value === "bad") {
    await ack({ response_action: "errors", errors: { name: "Too bad." } });
  } else if (value === "next") {
    await ack({
      response_action: "update",
      view: { type: "modal", title: { type: "plain_text", text: "Next" }, blocks: [] },
    });
  } else if (value === "clear") {
    await ack({ response_action: "clear" });
  } else {
    await ack();
  }
});
app.view({ callback_id: "form", type: "view_closed" }, async ({ ack }) => ack());
const apple = { text: { type: "plain_text", text: "Apple" }, value: "apple" };
app.options("pick", async ({ ack, payload }) =>
  ack({ options: payload.value === "none" ? [] : [apple] }),
);
app.options("groups", async ({ ack }) =>
  ack({ option_groups: [{ label: { type: "plain_text", text: "Fruit" }, options: [apple] }] }),
);
app.shortcut("new", async ({ ack }) => ack());
app.error(async (error) => {
  if (error.original?.message !== "on purpose" && error.message !== "on purpose") {
    console.error(error.code, error.message);
  }
  throw error;
});

process.on("SIGTERM", () => process.exit(0));
process.on("uncaughtException", () => {});
app.start(Number(process.env.PORT)).then(() => console.log("started"));
