// What Bolt for JavaScript spends on an event without a network, by number of listeners.
//   node bolt_dispatch.js PLAN
// PLAN is JSON: for each kind the method that registers its listeners, and cases of ids,
// bodies and a number of events. Prints microseconds of CPU time by kind and case.
const fs = require("fs");
const { App, LogLevel } = require("@slack/bolt");

const receiver = { init() {}, start: async () => {}, stop: async () => {} };

async function microseconds(method, { ids, bodies, events }) {
  const app = new App({
    receiver,
    logLevel: LogLevel.ERROR,
    authorize: async () => ({ botToken: "xoxb-bench", botId: "B05BOT", botUserId: "U05BOTUSR01" }),
  });
  let taken = 0;
  for (const id of ids) {
    app[method](id, async ({ ack }) => {
      taken += 1;
      if (ack) await ack();
    });
  }
  const deliver = async (count) => {
    for (let i = 0; i < count; i += 1) {
      await app.processEvent({ body: bodies[i % bodies.length], ack: async () => {} });
    }
  };
  await deliver(Math.max(10, events / 10)); // what is compiled while it runs is compiled now
  taken = 0;
  global.gc?.();
  const begun = process.cpuUsage();
  await deliver(events);
  const { user, system } = process.cpuUsage(begun);
  if (taken !== events) throw new Error(`${method}: ${taken} of ${events} met their listener`);
  return (user + system) / events;
}

(async () => {
  const results = [];
  for (const { method, cases } of JSON.parse(fs.readFileSync(process.argv[2], "utf8"))) {
    const costs = [];
    for (const one of cases) costs.push(await microseconds(method, one));
    results.push(costs);
  }
  console.log(JSON.stringify(results));
})();
