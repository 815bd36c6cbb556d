// Elements of Block Kit in messages and modals.

const { test, run } = require("./driver");

const used = (here, what) => here.heard(`Used ${what}`);
const message = (here) => here.message("Section with a select");

test("shows each kind of block", async (here) => {
  await here.say("/elements");
  const shown = await here.heard("Section with a select");
  await shown.getByRole("heading", { name: "Elements" }).waitFor();
  await shown.getByRole("img", { name: ":tada:" }).waitFor();
  for (const text of ["Context with", "quoted", "pre = 1", "Markdown"])
    await shown.getByText(text).first().waitFor();
  await shown.getByRole("cell", { name: "Ada" }).waitFor();
  await shown.getByRole("listitem").filter({ hasText: "two" }).first().waitFor();
});

test("shows nothing that would run, and the rest when one message is odd", async (here) => {
  await here.say("/odd");
  await here.pane().getByText("This cannot be shown").waitFor();
  const shown = await here.heard("After the odd ones");
  const pane = here.pane();
  if (await pane.locator("img[src^='javascript:'], a[href^='javascript:']").count())
    throw new Error("an address that is a program");
  await shown.getByText("<img src=x onerror=alert(1)>").waitFor();
});

test("presses a button", async (here) => {
  await message(here).getByRole("button", { name: "Press" }).click();
  await used(here, "plain: 1");
});

test("asks before what is to be confirmed", async (here) => {
  await message(here).getByRole("button", { name: "Delete" }).click();
  await here.page
    .getByRole("dialog", { name: "Are you sure?" })
    .getByRole("button", { name: "Keep" })
    .click();
  await message(here).getByRole("button", { name: "Delete" }).click();
  await here.page.getByRole("dialog").getByText("It cannot be undone.").waitFor();
  await here.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await used(here, "danger");
  if ((await here.pane().getByText("Used danger").count()) !== 1)
    throw new Error("it was sent twice");
});

test("chooses from groups of options by keyboard", async (here) => {
  await message(here)
    .getByRole("button", { name: /nothing chosen/ })
    .first()
    .focus();
  await here.page.keyboard.press("Enter");
  const list = here.page.getByRole("listbox");
  await list.getByText("Nuts").waitFor();
  await here.page.keyboard.type("pea");
  await list.getByRole("option", { name: "Pear" }).waitFor();
  await here.page.keyboard.press("Enter");
  await used(here, "fruit: pear");
});

test("chooses from an overflow menu", async (here) => {
  await message(here).getByRole("button", { name: "More options" }).click();
  await here.page.keyboard.press("ArrowDown");
  await here.page.keyboard.press("Enter");
  await used(here, "over: archive");
});

test("takes a date and a time", async (here) => {
  await message(here).locator("[type=date]").fill("2026-12-24");
  await used(here, "day: 2026-12-24");
  await message(here).locator("[type=time]").fill("17:45");
  await used(here, "hour: 17:45");
});

test("chooses a person", async (here) => {
  await message(here)
    .getByRole("button", { name: /^Who\?/ })
    .click();
  await here.page.getByRole("option", { name: "grace" }).click();
  await used(here, "user: U");
});

test("asks the app for options while one types", async (here) => {
  await message(here)
    .getByRole("button", { name: /^Which city\?/ })
    .click();
  await here.page.getByText("Type 1 more character to search.").waitFor();
  await here.page.keyboard.type("os");
  await here.page.getByRole("option", { name: "Osaka" }).waitFor();
  if (await here.page.getByRole("option", { name: "Lima" }).count())
    throw new Error("Lima was offered");
  await here.page.getByRole("option", { name: "Oslo" }).click();
  await used(here, "city: oslo");
  await message(here)
    .getByRole("button", { name: /^Which city\?: Oslo/ })
    .waitFor();
});

test("ticks boxes and a radio button", async (here) => {
  await message(here).getByLabel("Green").check();
  await used(here, "boxes: green");
  await message(here).getByLabel("Red").check();
  await used(here, "boxes: green red");
  await message(here).getByLabel("Large").check();
  await used(here, "radio: large");
});

test("gives feedback", async (here) => {
  await message(here).getByRole("button", { name: "Good" }).click();
  await used(here, "judge: good");
});

test("sends what all kinds of fields hold", async (here) => {
  const { page } = here;
  await here.say("/fields");
  const modal = page.getByRole("dialog", { name: "Fields" });
  await modal.getByLabel("Text", { exact: true }).fill("some text");
  await modal.getByLabel("Email").fill("ada@example.com");
  await modal.getByLabel("URL").fill("https://example.com/");
  await modal.getByLabel("Rich").fill("some *bold* text");
  await modal.getByRole("button", { name: /^Several/ }).click();
  await page.getByRole("option", { name: "Red" }).click();
  await page.getByRole("option", { name: "Blue" }).click();
  await page.getByRole("option", { name: "Green" }).click();
  await page.keyboard.press("Escape");
  await modal.getByRole("button", { name: /^Several: Red, Blue$/ }).waitFor();
  await modal.getByRole("button", { name: /^Channel/ }).click();
  await page.getByRole("option", { name: "random" }).click();
  await modal.getByLabel("Moment").fill("2026-12-24T18:00");
  await modal.getByLabel("Yes").check();
  await modal.getByLabel("That").check();
  await modal
    .getByLabel("Files")
    .setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
  await modal.getByRole("listitem").filter({ hasText: "a.txt" }).waitFor();
  await here.picture("fields");
  await modal.getByRole("button", { name: "Send" }).click();
  await modal.waitFor({ state: "detached" });
  await here.go("lander");
  const said = await (await here.heard("Fields:")).innerText();
  for (const part of [
    "text=some text",
    "email=ada@example.com",
    "url=",
    "several=red+blue+",
    "channel=C",
    "moment=1",
    "tick=yes+",
    "one=that",
  ]) {
    if (!said.includes(part)) throw new Error(`${part} is not in ${said}`);
  }
});

run();
