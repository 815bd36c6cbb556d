// Bolt for JavaScript in the place of app.lua: the same lines, no option but its default.
//   FAULT_TRIAL='{"api_url": …}' node bolt.js
const { App, LogLevel } = require(process.env.BOLT);

const given = JSON.parse(process.env.FAULT_TRIAL);

function write(what, text) {
  const now = Number(process.hrtime.bigint()) / 1e9;
  process.stdout.write(`${now.toFixed(6)} ${what} ${String(text).replace(/\n/g, " ")}\n`);
}

const logger = {
  debug() {},
  info: (...texts) => write("log", texts.join(" ")),
  warn: (...texts) => write("noticed", texts.join(" ")),
  error: (...texts) => write("noticed", texts.join(" ")),
  setLevel() {},
  getLevel: () => LogLevel.INFO,
  setName() {},
};

const app = new App({
  token: given.token,
  appToken: given.app_token,
  socketMode: true,
  logger,
  clientOptions: { slackApiUrl: given.api_url },
});

// It tells its user nothing of an end that it can do something about.
for (const state of ["close", "reconnecting"]) {
  app.receiver.client.on(state, () => write("noticed", state));
}
app.receiver.client.on("connected", () => write("log", "connected"));
app.event("app_mention", async ({ event }) => write("handled", event.text));
process.on("unhandledRejection", (error) => {
  write("noticed", `unhandled ${error}`);
  process.exit(1);
});
process.on("SIGTERM", () => process.exit(0));
app.start().then(() => write("log", "started"));
