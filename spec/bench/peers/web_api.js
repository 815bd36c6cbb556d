// @slack/web-api: posts messages, so many at a time.
//   node web_api.js API_URL CALLS AT_A_TIME
const { WebClient, LogLevel } = require("@slack/web-api");

const [api, calls, atATime] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const client = new WebClient("xoxb-bench", {
  slackApiUrl: api, logLevel: LogLevel.ERROR, maxRequestConcurrency: atATime,
});
let made = 0;
let failed = 0;

async function post() {
  while (made < calls) {
    const text = `The build has ended. seq-${made++}`;
    const answer = await client.chat.postMessage({ channel: "C07BENCH001", text });
    if (!answer.ok) failed++;
  }
}

Promise.all(Array.from({ length: atATime }, post)).then(() => {
  console.log(JSON.stringify({ answered: made, failed }));
  setTimeout(() => {}, 60000);
});
process.on("SIGTERM", () => process.exit(0));
