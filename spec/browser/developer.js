// What is there for the bot's author: reloads, the log, controls.

const { test, run } = require("./driver");

const log = (here) => here.page.getByRole("complementary", { name: "Log" });
const row = (here, text) => log(here).locator(".trace-row", { hasText: text }).last();

test("answers otherwise as soon as the handler is saved", async (here) => {
  await here.say("hello");
  await here.heard("Hello, @ada!");
  here.edit("talk.lua", "Hello, <@%s>!", "Ahoy, <@%s>!");
  await row(here, "talk.lua").waitFor();
  await here.say("hello");
  await here.heard("Ahoy, @ada!");
});

test("says above all what is wrong with a handler, and where", async (here) => {
  here.edit("talk.lua", "-- Answers", "local = Answers");
  const banner = here.page.locator(".banner-error");
  await banner
    .getByText(/talk\.lua:1/)
    .first()
    .waitFor();
  await banner.getByText(/near/).waitFor();
  const reload = log(here).locator(".kind-reload.state-failed").last();
  await reload.locator(".trace-name", { hasText: /^talk\.lua:1$/ }).waitFor();
  await here.picture("banner");
  await here.say("hello");
  await here.heard("Ahoy, @ada!");
});

test("takes that away when it is mended", async (here) => {
  here.edit("talk.lua", "local = Answers", "-- Answers");
  await here.page.locator(".banner-error").waitFor({ state: "detached" });
});

test("lists events, calls and answers with their time and state", async (here) => {
  await row(here, "chat.postMessage").getByRole("img", { name: "ok" }).waitFor();
  await row(here, "chat.postMessage").getByText(/ms|s$/).first().waitFor();
  await log(here)
    .locator(".kind-envelope")
    .getByRole("img", { name: "acknowledged" })
    .first()
    .waitFor();
});

test("finds by kind and by text", async (here) => {
  await log(here).getByRole("button", { name: "Calls" }).click();
  await row(here, "chat.postMessage").waitFor({ state: "detached" });
  await log(here).getByRole("button", { name: "Calls" }).click();
  await log(here).getByLabel("Filter the log").fill("ahoy");
  await row(here, "auth.test").waitFor({ state: "detached" });
  await row(here, "chat.postMessage").waitFor();
  await log(here).getByLabel("Filter the log").fill("");
});

test("shows what a call was answered", async (here) => {
  const call = row(here, "chat.postMessage");
  await call.locator(".trace-line").click();
  await call.locator(".trace-part", { hasText: "answer" }).waitFor();
  await call.locator(".trace-body .json-key", { hasText: /^ts$/ }).first().waitFor();
  await call.locator(".trace-line").click();
});

test("names the handler that raised, with its traceback", async (here) => {
  const reloads = log(here).locator(".kind-reload", { hasText: "talk.lua" });
  const before = await reloads.count();
  here.edit("talk.lua", 'c:say(("Ahoy', 'c:say(nil .. ("Ahoy');
  await reloads.nth(before).waitFor();
  await here.say("hello");
  const error = log(here).locator(".kind-error").last();
  await error.locator(".trace-error", { hasText: "attempt to concatenate a nil value" }).waitFor();
  await error.locator(".trace-line").click();
  await error.locator("pre", { hasText: "stack traceback" }).waitFor();
  await here.picture("error");
  await error.locator(".trace-line").click();
  here.edit("talk.lua", 'c:say(nil .. ("Ahoy', 'c:say(("Ahoy');
  await reloads.nth(before + 1).waitFor();
});

test("shows a frame as a tree and as text", async (here) => {
  const last = row(here, "chat.postMessage");
  await last.locator(".trace-line").click();
  await last.locator(".json-key", { hasText: "channel" }).first().waitFor();
  await last.getByRole("button", { name: "As text" }).click();
  await last.locator("pre", { hasText: '"channel"' }).first().waitFor();
  await here.picture("log");
  await last.locator(".trace-line").click();
});

test("sends a frame again", async (here) => {
  const answers = () => here.pane().locator(".message", { hasText: "Ahoy, @ada!" }).count();
  const before = await answers();
  await log(here).getByLabel("Filter the log").fill("hello");
  const event = log(here).locator(".trace-row.kind-envelope", { hasText: "message" }).last();
  await event.locator(".trace-line").click();
  await event.getByRole("button", { name: "Send again" }).click();
  await here.pane().locator(".message", { hasText: "Ahoy, @ada!" }).nth(before).waitFor();
  await log(here).getByLabel("Filter the log").fill("");
});

test("makes a call fail", async (here) => {
  await log(here).getByRole("button", { name: "Controls" }).click();
  await log(here).getByLabel("Method").fill("chat.postMessage");
  await log(here).getByLabel("Error").fill("is_archived");
  await log(here).getByRole("button", { name: "Fail", exact: true }).click();
  await here.say("hello");
  await row(here, "is_archived").waitFor();
});

test("has the bot connect anew after a disconnect", async (here) => {
  await log(here).getByRole("button", { name: "Disconnect" }).click();
  await log(here).locator(".kind-disconnect").first().waitFor();
  await here.page.locator(".rail-link.on").waitFor();
  await here.say("hello");
  await here.heard("Ahoy, @ada!");
});

test("starts the bot again", async (here) => {
  const starts = () => log(here).locator(".trace-row", { hasText: "started" }).count();
  const before = await starts();
  await log(here).getByRole("button", { name: "Restart the bot" }).click();
  await log(here).locator(".trace-row", { hasText: "started" }).nth(before).waitFor();
  await here.page.locator(".rail-link.on").waitFor();
});

test("says that the bot has ended, until it is there again", async (here) => {
  here.edit("../bot.lua", "local slack", 'error "no bot today" local slack');
  const banner = here.page.locator(".banner-error", { hasText: "The bot has ended." });
  await banner.waitFor();
  here.edit("../bot.lua", 'error "no bot today" local slack', "local slack");
  await banner.waitFor({ state: "detached" });
  await here.page.locator(".rail-link.on").waitFor();
});

run();
