// A browser with the page of a local Slack in it. A program declares its tests with test(),
// run() does them in their order on one page, and writes a line of JSON about each.

const fs = require("fs");
const path = require("path");
const { chromium } = require("playwright-core");

const WITHIN = 8000; // milliseconds that anything may take at most
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

const tests = [];

function test(name, work) {
  tests.push({ name, work });
}

// What the page complains of: errors, refusals of the Content-Security-Policy, failed requests.
function watch(page, complaints) {
  page.setDefaultTimeout(WITHIN);
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
}

class Driver {
  constructor(browser) {
    this.browser = browser;
    this.complaints = [];
    this.bot = process.env.BOT_FOLDER;
  }

  async open(options = {}) {
    const context = await this.browser.newContext({
      viewport: DESKTOP,
      locale: "en-US",
      colorScheme: "light",
      ...options,
    });
    const page = await context.newPage();
    watch(page, this.complaints);
    await page.goto(process.env.PAGE_URL);
    await page.locator("#frame").waitFor();
    await page.locator(".rail-link.on").waitFor();
    return page;
  }

  async start() {
    this.page = await this.open();
    return this;
  }

  pane(page = this.page) {
    return page.locator("#main > .pane:visible");
  }

  composer(page = this.page) {
    return this.pane(page).locator(".composer-text");
  }

  // Types as people do, and sends it.
  async say(text, page = this.page) {
    await this.composer(page).fill(text);
    await this.composer(page).press("Escape");
    await this.composer(page).press("Enter");
  }

  message(text, page = this.page) {
    return this.pane(page).locator(".message").filter({ hasText: text }).last();
  }

  // Waits for a message with that text.
  async heard(text, page = this.page) {
    await this.message(text, page).waitFor();
    return this.message(text, page);
  }

  async go(name) {
    await this.page.locator("#sidebar").getByText(name, { exact: true }).click();
  }

  // Chooses in what a message can do.
  async choose(message, item) {
    await message.hover();
    await message.getByRole("button", { name: "More actions" }).click();
    await this.page.getByRole("menuitem", { name: item }).click();
  }

  edit(file, from, to) {
    const name = path.join(this.bot, "handlers", file);
    const before = fs.readFileSync(name, "utf8");
    if (!before.includes(from)) throw new Error(`${file} does not hold ${from}`);
    fs.writeFileSync(name, before.replace(from, to));
  }

  // Kept for people to look at, where SCREENSHOTS names a folder.
  async picture(name, page = this.page) {
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: path.join(process.env.SCREENSHOTS, `${name}.png`) });
  }
}

// What is wrong with the page as it stands when a test has failed.
async function about(driver, error) {
  const text = await driver
    .pane()
    .innerText()
    .catch(() => "");
  const complaints = driver.complaints.join("\n");
  return `${error.message}\nthe page shows:\n${text.slice(-1200)}\nit complains of:\n${complaints}`;
}

async function run() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  const driver = await new Driver(browser).start();
  test("has the page complain of nothing", async () => {
    if (driver.complaints.length) throw new Error(driver.complaints.join("\n"));
  });
  for (const { name, work } of tests) {
    const result = { name, ok: true };
    try {
      await work(driver);
    } catch (error) {
      Object.assign(result, { ok: false, message: await about(driver, error) });
      await driver.picture(`failed: ${name}`);
    }
    console.log(JSON.stringify(result));
  }
  await browser.close();
}

module.exports = { test, run, DESKTOP, PHONE };
