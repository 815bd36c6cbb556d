// A classic bot by the SDK's RTM client. Which Slack the environment says.
const { RTMClient, LogLevel } = require("@slack/rtm-api");

const rtm = new RTMClient(process.env.SLACK_BOT_TOKEN, {
  slackApiUrl: process.env.SLACK_API_URL,
  logLevel: LogLevel.WARN,
  // Milliseconds; the first is what it waits for replies of the last connection.
  replyAckOnReconnectTimeout: 10,
  clientPingTimeout: 1000,
  serverPongTimeout: 900,
});

// The client breaks at holes in its list of replies to come when it reconnects.
const send = (text, channel, more) =>
  rtm
    .addOutgoingEvent(true, "message", { text, channel, ...more })
    .finally(() => (rtm.awaitingReplyList = []));
let channel; // of the last message, where presences are told

rtm.on("message", async (event) => {
  channel = event.channel;
  if (event.subtype || event.user === rtm.activeUserId) {
    return;
  }
  if (event.text === "hello") {
    await rtm.sendTyping(event.channel);
    const reply = await send(`Hello <@${event.user}>.`, event.channel);
    await send(`Sent ${reply.ts}.`, event.channel);
  } else if (event.text === "fail") {
    await send("", event.channel).catch((error) => {
      return send(`Refused: ${error.data.error.msg}.`, event.channel);
    });
  } else if (event.text === "presence") {
    await rtm.subscribePresence([event.user]);
    await rtm.send("presence_query", { ids: [event.user] });
  } else if (event.text === "thread") {
    await send("In the thread.", channel, { thread_ts: event.ts, reply_broadcast: true });
  }
});
rtm.on("message::message_changed", (event) =>
  send(`Edited: ${event.message.text}.`, event.channel),
);
rtm.on("reaction_added", (event) => send(`:${event.reaction}:`, event.item.channel));
rtm.on("presence_change", (event) =>
  send(`Is ${event.presence}: ${event.users ?? event.user}.`, channel),
);
rtm.on("goodbye", () => console.log("goodbye"));
rtm.on("error", (error) => console.error("error", error.message));
rtm.on("unable_to_rtm_start", (error) => console.error("error", error.message));
process.on("unhandledRejection", (error) => console.error("error", error.message));
process.on("SIGTERM", () => rtm.disconnect().then(() => process.exit(0)));
rtm.start().then(({ self, team }) => console.log(`is ${self.id} of ${team.id}`));
