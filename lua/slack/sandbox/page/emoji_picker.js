// Emoji to choose from, by category or by what is typed.

import { emojiCategories, findEmoji, loadEmoji } from "./emoji.js";
import { h, replace } from "./dom.js";
import { openPopup } from "./popup.js";

const RECENT = "lua-slack recent emoji";
const MOST_RECENT = 16;
const COLUMNS = 8;

function recent() {
  try {
    return JSON.parse(localStorage.getItem(RECENT)) || [];
  } catch {
    return [];
  }
}

function remember(emoji) {
  const list = [emoji, ...recent().filter((other) => other.names[0] !== emoji.names[0])];
  localStorage.setItem(RECENT, JSON.stringify(list.slice(0, MOST_RECENT)));
}

function grid(list, choose) {
  return h(
    "div",
    { class: "emoji-grid" },
    list.map((emoji) =>
      h(
        "button",
        {
          "type": "button",
          "class": "emoji-choice",
          "title": `:${emoji.names[0]}:`,
          "aria-label": emoji.names[0].replaceAll("_", " "),
          "on": {
            click: () => {
              remember(emoji);
              choose(emoji.names[0]);
            },
          },
        },
        emoji.text,
      ),
    ),
  );
}

function groups(choose) {
  const seen = recent();
  const first = seen.length ? [{ name: "Recently used", list: seen }] : [];
  return [...first, ...emojiCategories()].map(({ name, list }) =>
    h("section", { "aria-label": name }, h("h3", {}, name), grid(list, choose)),
  );
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

function moveFocus(event, list, search) {
  const all = [...list.querySelectorAll(".emoji-choice")];
  const at = all.indexOf(document.activeElement);
  const step = STEPS[event.key];
  if (!step || (at < 0 && event.key !== "ArrowDown")) return;
  event.preventDefault();
  if (at >= 0 && at + step < 0) search.focus();
  else all[at < 0 ? 0 : Math.min(all.length - 1, at + step)]?.focus();
}

// choose(name): "tada"
export async function emojiPicker(anchor, choose) {
  await loadEmoji();
  const list = h("div", { class: "emoji-list" });
  const done = (name) => {
    popup.close();
    choose(name);
  };
  const search = h("input", {
    "type": "search",
    "class": "picker-filter",
    "placeholder": "Search emoji",
    "aria-label": "Search emoji",
    "autocomplete": "off",
    "on": { input: () => show() },
  });
  const show = () => {
    const word = search.value.trim().toLowerCase().replaceAll(":", "").replaceAll(" ", "_");
    const found = word && findEmoji(word);
    replace(
      list,
      !word
        ? groups(done)
        : found.length
          ? grid(found, done)
          : h("p", { class: "picker-empty" }, "No emoji has that name."),
    );
    list.scrollTop = 0;
  };
  show();
  const popup = openPopup(
    anchor,
    h(
      "div",
      {
        "role": "dialog",
        "aria-label": "Choose an emoji",
        "on": {
          keydown: (event) => {
            if (event.key === "Enter" && event.target === search)
              list.querySelector(".emoji-choice")?.click();
            moveFocus(event, list, search);
          },
        },
      },
      search,
      list,
    ),
    { className: "emoji-picker", align: "end" },
  );
  search.focus({ preventScroll: true });
}
