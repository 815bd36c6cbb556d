// Names for those who cannot see, contrast, keyboard, narrow screens, light and dark.

const { test, run, PHONE } = require("./driver");

// Controls without a name, images without a text, ids that are there twice.
function faults() {
  const visible = (node) => node.getClientRects().length > 0;
  const labelled = (node) =>
    (node.getAttribute("aria-labelledby") || "")
      .split(" ")
      .map((id) => document.getElementById(id)?.textContent || "")
      .join("");
  const name = (node) =>
    (
      node.getAttribute("aria-label") ||
      labelled(node) ||
      node.title ||
      [...(node.labels || [])].map((label) => label.textContent).join("") ||
      node.textContent ||
      ""
    ).trim();
  const controls =
    "button, a[href], input:not([hidden]), textarea, select, summary, [role=button], " +
    "[role=menuitem], [role=option], [role=combobox], [role=listbox], dialog, " +
    "[role=region], [role=log]";
  const found = [...document.querySelectorAll(controls)]
    .filter((node) => visible(node) && !name(node))
    .map((node) => `no name: ${node.outerHTML.slice(0, 160)}`);
  found.push(
    ...[...document.querySelectorAll("img")]
      .filter((node) => !node.hasAttribute("alt"))
      .map((node) => `no alt: ${node.outerHTML.slice(0, 160)}`),
  );
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  found.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `id twice: ${id}`));
  return found;
}

// Texts that stand out too little from what is behind them (4.5, or 3 for large ones).
function faint() {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return text.startsWith("color(") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const over = (top, below) =>
    [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (node) => {
    if (!node) return [255, 255, 255, 1];
    const style = getComputedStyle(node);
    if (style.backgroundImage !== "none") return null;
    const color = parse(style.backgroundColor);
    if (color[3] === 1) return color;
    const below = behind(node.parentElement);
    return below && over(color, below);
  };
  const light = (color) => {
    const [r, g, b] = color.map((c) =>
      c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const has_text = [...node.childNodes].some(
      (child) => child.nodeType === 3 && child.data.trim(),
    );
    if (
      !has_text ||
      !node.getClientRects().length ||
      node.closest(":disabled, [hidden], .visually-hidden, [aria-disabled=true]")
    )
      continue;
    const style = getComputedStyle(node);
    const back = behind(node);
    if (
      !back ||
      style.opacity === "0" ||
      node.closest(".side-time, .message-toolbar, .composer-hint")
    )
      continue;
    const front = over(parse(style.color), back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const is_large = parseFloat(style.fontSize) >= 18.66;
    if (ratio < (is_large ? 3 : 4.5)) {
      found.add(
        `${ratio.toFixed(2)}: ${node.className || node.tagName} "${node.textContent.trim().slice(0, 30)}"`,
      );
    }
  }
  return [...found];
}

async function holds(page, check, where) {
  const found = await page.evaluate(check);
  if (found.length) throw new Error(`${where}:\n${found.join("\n")}`);
}

async function fill(here, page = here.page) {
  for (const text of ["hello", "whisper", "markup", "attachment", "/elements"])
    await here.say(text, page);
  await here.heard("Section with a select", page);
  await here.heard("Before it", page);
}

test("gives each control a name", async (here) => {
  await fill(here);
  await here.picture("light");
  await holds(here.page, faults, "the channel");
  await here.message("hello").hover();
  await here.message("hello").getByRole("button", { name: "More actions" }).click();
  await holds(here.page, faults, "a menu");
  await here.page.keyboard.press("Escape");
  await here.say("/fields");
  await here.page.getByRole("dialog").waitFor();
  await holds(here.page, faults, "a modal");
  await here.page.keyboard.press("Escape");
});

test("has texts that can be read, light and dark", async (here) => {
  await here.page.getByRole("dialog").waitFor({ state: "detached" });
  await holds(here.page, faint, "light");
  await here.page.getByRole("button", { name: "Appearance" }).click();
  await here.page.getByRole("menuitemradio", { name: "Dark" }).click();
  await here.page.locator("html[data-theme=dark]").waitFor();
  await holds(here.page, faint, "dark");
  await here.picture("dark");
});

test("keeps the theme that was chosen", async (here) => {
  await here.page.reload();
  await here.page.locator("html[data-theme=dark]").waitFor();
  await here.page.locator("#frame").waitFor();
  await here.page.getByRole("button", { name: "Appearance" }).click();
  await here.page.getByRole("menuitemradio", { name: "As the system" }).click();
  await here.page.locator("html[data-theme=light]").waitFor();
});

test("can be used by keyboard alone", async (here) => {
  await here.composer().focus();
  await here.page.keyboard.press("Shift+Tab");
  const names = [];
  for (let i = 0; i < 12; i += 1) {
    await here.page.keyboard.press("Tab");
    const outline = await here.page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      const box = getComputedStyle(
        document.activeElement.closest(".composer-box") || document.activeElement,
      );
      return style.outlineStyle !== "none" || box.boxShadow !== "none";
    });
    names.push(
      await here.page.evaluate(
        () => document.activeElement.getAttribute("aria-label") || document.activeElement.tagName,
      ),
    );
    if (!outline) throw new Error(`the focus cannot be seen on ${names.at(-1)}`);
  }
  if (new Set(names).size < 6) throw new Error(`the focus goes only to ${names}`);
});

test("goes through messages with the arrows", async (here) => {
  await here.page.getByRole("log", { name: "Messages" }).focus();
  await here.page.keyboard.press("ArrowUp");
  await here.page.keyboard.press("ArrowUp");
  const label = await here.page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  if (!/ at /.test(label || "")) throw new Error(`the focus is on ${label}`);
});

let phone;

test("fits a phone, without scrolling sideways", async (here) => {
  phone = await here.open({ viewport: PHONE, hasTouch: true, isMobile: true });
  await here.heard("Section with a select", phone);
  const width = await phone.evaluate(() => document.documentElement.scrollWidth);
  if (width > PHONE.width) throw new Error(`it is ${width} wide`);
  await here.picture("phone", phone);
  await holds(phone, faults, "a phone");
});

test("keeps the channels in a drawer there", async (here) => {
  const sidebar = phone.locator("#sidebar");
  if (await sidebar.isVisible()) throw new Error("it is open at first");
  await phone.getByRole("button", { name: "Channels and messages" }).click();
  await here.picture("phone-drawer", phone);
  await sidebar.getByText("random").click();
  await sidebar.waitFor({ state: "hidden" });
  await phone.getByRole("heading", { name: "#random" }).waitFor();
});

test("shows the log there as a sheet", async (here) => {
  await phone.getByRole("button", { name: "Log of frames and calls" }).click();
  const box = await phone.getByRole("complementary", { name: "Log" }).boundingBox();
  if (box.width !== PHONE.width) throw new Error(`it is ${box.width} wide`);
  await here.picture("phone-log", phone);
  await phone.getByRole("button", { name: "Close the log" }).click();
});

test("shows a modal there", async (here) => {
  await here.say("/order", phone);
  await phone.getByRole("dialog", { name: "Order" }).waitFor();
  await here.picture("phone-modal", phone);
  const width = await phone.evaluate(() => document.documentElement.scrollWidth);
  if (width > PHONE.width) throw new Error(`it is ${width} wide`);
});

run();
