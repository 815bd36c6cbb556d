// Bolt for JavaScript on HTTP with a listener that reads the text of each kind of event.
//   node bolt_http.js API_URL PORT
const { App, LogLevel } = require("@slack/bolt");

const app = new App({
  token: "xoxb-bench",
  signingSecret: "0123456789abcdef0123456789abcdef",
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: process.argv[2] },
});

let characters = 0;

async function readText({ event }) {
  if (event.text) characters += event.text.length;
}

app.event("message", readText);
app.event("app_mention", readText);
app.event("reaction_added", readText);

process.on("SIGTERM", () => {
  console.log(JSON.stringify({ characters }));
  process.exit(0);
});
app.start(Number(process.argv[3]));
