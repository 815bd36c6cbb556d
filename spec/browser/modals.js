// Modals: errors, stack, updates, keyboard.

const { test, run } = require("./driver");

const modal = (here, name = "Order") => here.page.getByRole("dialog", { name });
const field = (here, label) => modal(here).getByLabel(label);

test("opens a modal, and puts the focus where the app says", async (here) => {
  await here.say("/order");
  await modal(here).waitFor();
  const label = await here.page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  if (label !== "What?") throw new Error(`the focus is on ${label}`);
});

test("keeps an empty field from being sent, and says so below it", async (here) => {
  await modal(here).getByRole("button", { name: "Order" }).click();
  await modal(here)
    .locator("[data-block]")
    .first()
    .getByText("Please complete this required field.")
    .waitFor();
  if ((await field(here, "What?").getAttribute("aria-invalid")) !== "true")
    throw new Error("it is not marked");
});

test("shows the app's error below its field, until that is corrected", async (here) => {
  await field(here, "What?").fill("tea");
  await field(here, "How many?").fill("12");
  await modal(here).getByRole("button", { name: "Order" }).click();
  const error = modal(here).getByText("Nine at most, please.");
  await error.waitFor();
  await here.picture("modal-error");
  const described = await field(here, "How many?").evaluate(
    (node) => document.getElementById(node.getAttribute("aria-describedby")).textContent,
  );
  if (described !== "Nine at most, please.") throw new Error(`it is described by ${described}`);
  await field(here, "How many?").fill("3");
  await error.waitFor({ state: "hidden" });
});

test("submits, and closes", async (here) => {
  await modal(here).getByRole("button", { name: "Order" }).click();
  await modal(here).waitFor({ state: "detached" });
  await here.go("lander");
  await here.heard("Ordered: 3 × tea");
});

test("keeps what is filled in while the app updates the view", async (here) => {
  await here.say("/order coffee");
  await field(here, "How many?").fill("2");
  await modal(here).getByRole("button", { name: "Change it" }).click();
  await modal(here).getByText("Changed.").waitFor();
  if ((await field(here, "How many?").inputValue()) !== "2") throw new Error("the number is gone");
});

test("stacks one modal on another, and goes back", async (here) => {
  await modal(here).getByRole("button", { name: "More …" }).click();
  await modal(here, "More").waitFor();
  await modal(here, "More").getByRole("button", { name: "Back" }).click();
  await modal(here).waitFor();
  if ((await field(here, "How many?").inputValue()) !== "2") throw new Error("the number is gone");
});

test("keeps the focus inside", async (here) => {
  for (let i = 0; i < 14; i += 1) {
    await here.page.keyboard.press("Tab");
    const inside = await here.page.evaluate(
      () =>
        document.activeElement === document.body ||
        document.activeElement.closest("dialog") !== null,
    );
    if (!inside) throw new Error(`out of it after ${i + 1} steps`);
  }
});

test("closes at Escape, and tells the app", async (here) => {
  await here.page.keyboard.press("Escape");
  await modal(here).waitFor({ state: "detached" });
  await here.heard("No order, then.");
});

run();
