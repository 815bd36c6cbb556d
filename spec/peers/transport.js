// How a bot of these specs is reached: over Socket Mode, or over HTTP where the environment
// names a port. Which Slack the environment says, too.
const port = process.env.PORT;

const way = port
  ? { signingSecret: process.env.SLACK_SIGNING_SECRET }
  : { appToken: process.env.SLACK_APP_TOKEN, socketMode: true };

exports.options = {
  ...way,
  token: process.env.SLACK_BOT_TOKEN,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL, allowAbsoluteUrls: true },
};

exports.start = (app) => {
  process.on("SIGTERM", () => app.stop().then(() => process.exit(0)));
  const where = port ? { port: Number(port), host: "127.0.0.1" } : undefined;
  app.start(where).then(() => console.log("started"));
};
