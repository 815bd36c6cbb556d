// Bolt for JavaScript on HTTP with one no-op listener for each kind of event.
//   node bolt_http.js API_URL PORT
const { App, LogLevel } = require("@slack/bolt");

const app = new App({
  token: "xoxb-bench",
  signingSecret: "0123456789abcdef0123456789abcdef",
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: process.argv[2] },
});

app.event("message", async () => {});
app.event("app_mention", async () => {});
app.event("reaction_added", async () => {});

process.on("SIGTERM", () => process.exit(0));
app.start(Number(process.argv[3]));
