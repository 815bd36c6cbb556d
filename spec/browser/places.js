// The home tab, the assistant, other people, another page.

const { test, run } = require("./driver");

test("shows the app's home, and its button works", async (here) => {
  await here.go("lander");
  await here.pane().getByRole("button", { name: "Home" }).click();
  await here.pane().getByRole("heading", { name: "Welcome home" }).waitFor();
  await here.pane().getByRole("button", { name: "Press me" }).click();
  await here.pane().getByText("You pressed 1 times.").waitFor();
  await here.picture("home");
});

test("begins a talk with the assistant by one of its prompts", async (here) => {
  await here.pane().getByRole("button", { name: "Assistant" }).click();
  await here.pane().getByRole("button", { name: "Start a chat" }).click();
  await here.heard("How can I help?");
  await here.pane().getByRole("button", { name: "And Mars?" }).click();
  await here.heard("And Mars?");
});

test("shows the streamed answer as Markdown", async (here) => {
  const answer = await here.heard("384,400 km");
  await answer.locator("strong", { hasText: "384,400 km" }).waitFor();
  await answer.getByRole("listitem").filter({ hasText: "thirty Earths" }).waitFor();
  await here
    .pane()
    .getByRole("button", { name: "How far is the moon?" })
    .waitFor({ state: "detached" });
  await here.picture("assistant");
});

test("lets me act as somebody else", async (here) => {
  await here.go("general");
  await here.page.getByRole("button", { name: /^You act as ada/ }).click();
  await here.page.getByRole("menuitemradio", { name: /grace/ }).click();
  await here.page.getByRole("button", { name: /^You act as grace/ }).waitFor();
  await here.say("hello");
  await here.heard("Hello, @grace!");
});

test("adds a person", async (here) => {
  await here.page.getByRole("button", { name: /^You act as/ }).click();
  await here.page.getByRole("menuitem", { name: "Add a person …" }).click();
  await here.page.getByLabel("Name").fill("linus");
  await here.page.keyboard.press("Enter");
  await here.page.getByRole("button", { name: /^You act as/ }).click();
  await here.page.getByRole("menuitemradio", { name: /linus/ }).waitFor();
  await here.page.keyboard.press("Escape");
});

test("tells a second page at once, and keeps what is for one's own eyes", async (here) => {
  const other = await here.open();
  await other.getByRole("button", { name: /^You act as ada/ }).waitFor();
  await here.say("whisper");
  await here.heard("A secret for you.");
  await here.say("everybody hears this");
  await here.message("everybody hears this", other).waitFor();
  if (await other.getByText("A secret for you.").count())
    throw new Error("ada sees what was for grace");
  await other.context().close();
});

test("writes to another person", async (here) => {
  await here.go("ada");
  await here.say("psst");
  await here.heard("psst");
});

test("finds its place again after a reload", async (here) => {
  await here.page.reload();
  await here.heard("psst");
  await here.page.getByRole("button", { name: /^You act as grace/ }).waitFor();
});

test("goes back in a long channel as far as it goes", async (here) => {
  await here.go("random");
  await here.page.evaluate(async () => {
    const { ask } = await import(new URL("actions.js", document.baseURI).href);
    const { store } = await import(new URL("store.js", document.baseURI).href);
    const channel = [...store.channels.values()].find((one) => one.name === "random").id;
    for (let i = 1; i <= 520; i++) await ask("say", { channel, text: `step ${i} of 520` });
  });
  await here.page.reload();
  await here.message("step 520 of 520").waitFor();
  for (let i = 0; i < 4; i++) {
    await here.pane().getByRole("button", { name: "Show earlier messages" }).click();
  }
  await here.message("step 1 of 520").waitFor();
});

run();
