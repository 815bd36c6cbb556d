// Bolt for JavaScript with one no-op listener for each kind of event in the mix.
//   node bolt.js API_URL
const { App, LogLevel } = require("@slack/bolt");

const app = new App({
  token: "xoxb-bench",
  appToken: "xapp-bench",
  socketMode: true,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: process.argv[2] },
});

app.event("message", async () => {});
app.event("app_mention", async () => {});
app.event("reaction_added", async () => {});

process.on("SIGTERM", () => process.exit(0));
app.start();
