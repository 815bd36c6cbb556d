// Messages, commands, mentions, reactions, threads, files.

const { test, run } = require("./driver");

test("shows the bot's answer to a message", async (here) => {
  await here.say("hello");
  const answer = await here.heard("Hello, @ada!");
  await answer.getByText("APP", { exact: true }).waitFor();
});

test("shows what only I can see as such", async (here) => {
  await here.say("whisper");
  const whisper = await here.heard("A secret for you.");
  await whisper.getByText("Only visible to you").waitFor();
});

test("shows markup, and takes nobody's text for HTML", async (here) => {
  await here.say("markup");
  const message = await here.heard("not bold");
  for (const [tag, text] of [
    ["strong", "bold"],
    ["em", "italic"],
    ["s", "struck"],
    ["code", "code"],
  ]) {
    await message.locator(`${tag}`, { hasText: text }).first().waitFor();
  }
  await message.getByText("<b>not bold</b> & ").waitFor();
  await message.getByText("<img src=x onerror=alert(1)>").waitFor();
  await message.locator("blockquote", { hasText: "quoted" }).waitFor();
  await message.locator("pre", { hasText: "local x = 1 < 2 -- *not bold*" }).waitFor();
  await message.getByText(":nonesuch:").waitFor();
  await message.getByRole("img", { name: ":wave:", exact: true }).waitFor();
  const links = await message
    .locator("a")
    .evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  if (!links.includes("https://example.com/a?b=c&d")) throw new Error(`links: ${links}`);
  if (links.some((link) => link.startsWith("javascript")))
    throw new Error("a link runs JavaScript");
  if (await message.locator("img").count()) throw new Error("an image was made of a text");
});

test("shows attachments of old", async (here) => {
  await here.say("attachment");
  const message = await here.heard("Before it");
  await message.getByRole("link", { name: "A title" }).waitFor();
  await message.getByText("Priority").waitFor();
});

test("completes a slash command by keyboard", async (here) => {
  const box = here.composer();
  await box.pressSequentially("/");
  const list = here.page.getByRole("listbox", { name: "Suggestions" });
  await list.getByRole("option", { name: /^\/elements/ }).waitFor();
  await list.getByRole("option", { name: /^\/order/ }).waitFor();
  await box.press("ArrowDown");
  await box.press("ArrowDown");
  await box.press("ArrowUp");
  const active = await list.locator("[aria-selected=true]").innerText();
  await box.press("Tab");
  const typed = await box.inputValue();
  if (!typed.startsWith("/") || !active.includes(typed.trim()))
    throw new Error(`${typed} of ${active}`);
  await box.fill("/or");
  await box.press("Enter");
  if ((await box.inputValue()) !== "/order ") throw new Error(await box.inputValue());
  await box.fill("/");
  await box.press("Escape");
  await list.waitFor({ state: "hidden" });
  await box.fill("");
});

test("says what became of a command that nobody handles", async (here) => {
  await here.say("/nonesuch now");
  const notice = await here.heard("/nonesuch");
  await notice.getByText("Only visible to you").waitFor();
  await notice.getByRole("button", { name: "Dismiss" }).click();
  await notice.waitFor({ state: "detached" });
});

test("completes and sends a mention", async (here) => {
  const box = here.composer();
  await box.pressSequentially("for @gra");
  await here.page.getByRole("option", { name: /grace/ }).waitFor();
  await box.press("Enter");
  await box.press("Enter");
  const message = await here.heard("for @grace");
  await message.locator(".mention", { hasText: "@grace" }).waitFor();
});

test("reacts from the bar of a message and from the picker", async (here) => {
  const message = here.message("for @grace");
  await message.hover();
  await message.getByRole("button", { name: "React with eyes" }).click();
  const reaction = message.getByRole("button", { name: /^eyes, 1/ });
  await reaction.waitFor();
  await message.hover();
  await message.getByRole("button", { name: "Add reaction" }).first().click();
  await here.page.getByLabel("Search emoji").fill("tada");
  await here.page.keyboard.press("Enter");
  await message.getByRole("button", { name: /^tada, 1/ }).waitFor();
  await reaction.click();
  await reaction.waitFor({ state: "detached" });
});

test("edits and deletes what I said", async (here) => {
  await here.say("a mistke");
  const message = await here.heard("a mistke");
  await here.choose(message, "Edit message");
  await here.page.getByLabel("Edit message").fill("a mistake");
  await here.page.getByLabel("Edit message").press("Enter");
  const better = await here.heard("a mistake");
  await better.getByText("(edited)").waitFor();
  await here.choose(better, "Delete message …");
  await here.page.getByRole("button", { name: "Delete", exact: true }).click();
  await better.waitFor({ state: "detached" });
});

test("edits my last message with the arrow up", async (here) => {
  await here.say("one more");
  await here.heard("one more");
  await here.composer().press("ArrowUp");
  await here.page.getByLabel("Edit message").press("Escape");
  await here.heard("one more");
});

test("pins a message, and lists it", async (here) => {
  const message = here.message("one more");
  await here.choose(message, "Pin to conversation");
  await message.getByText("Pinned").waitFor();
  await here.page.getByRole("button", { name: "1 pinned messages" }).click();
  await here.page.getByRole("dialog").getByText("one more").waitFor();
  await here.page.keyboard.press("Escape");
  await here.page.getByRole("dialog").waitFor({ state: "detached" });
});

test("runs the app's shortcut on a message", async (here) => {
  await here.choose(here.message("one more"), "repeat_it");
  await here
    .message("one more")
    .getByRole("button", { name: /1 reply/ })
    .waitFor();
});

test("talks in a thread, and tells its channel", async (here) => {
  await here
    .message("one more")
    .getByRole("button", { name: /1 reply/ })
    .click();
  const thread = here.page.getByRole("complementary", { name: "Thread" });
  await thread.getByText("You said: one more").waitFor();
  const box = thread.locator(".composer-text");
  await box.fill("and then?");
  await thread.getByLabel("Also send to the channel").check();
  await box.press("Enter");
  await thread.locator(".message", { hasText: "and then?" }).waitFor();
  const message = await here.heard("and then?");
  await message.getByText("replied to a thread").waitFor();
  await here.page.keyboard.press("Escape");
  await thread.waitFor({ state: "hidden" });
});

test("shares a file", async (here) => {
  await here
    .pane()
    .locator("input[type=file]")
    .setInputFiles({
      name: "notes.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("some notes"),
    });
  const message = await here.heard("notes.txt");
  const href = await message.locator("a.file").getAttribute("href");
  const text = await here.page.evaluate(async (url) => (await fetch(url)).text(), href);
  if (text !== "some notes") throw new Error(text);
});

test("lets a shortcut of the app be chosen below the lightning", async (here) => {
  await here.pane().getByRole("button", { name: "Shortcuts" }).click();
  await here.page.getByRole("menuitem", { name: "greet" }).click();
  await here.page.locator("#sidebar .unread", { hasText: "lander" }).waitFor();
  await here.go("lander");
  await here.heard("A shortcut greets you.");
});

test("makes a channel, and counts what is new elsewhere", async (here) => {
  await here.page.getByRole("button", { name: "Create a channel" }).click();
  await here.page.getByLabel("Name").fill("lab");
  await here.page.keyboard.press("Enter");
  await here.page.getByRole("heading", { name: "#lab" }).waitFor();
  await here.say("first here");
  await here.heard("first here");
  await here.pane().getByText("lander is not in #lab").waitFor();
  await here.pane().getByRole("button", { name: "Add lander" }).click();
  await here.pane().getByText("lander is not in #lab").waitFor({ state: "hidden" });
  await here.say("hello");
  await here.heard("Hello, @ada!");
});

run();
