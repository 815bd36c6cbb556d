// The page: joins the connection, what is known, and what is shown.

import { act, use } from "./actions.js";
import { AppHome } from "./app_home.js";
import { AssistantPane } from "./assistant_pane.js";
import { Banner } from "./banner.js";
import { ChannelPane } from "./channel_pane.js";
import { Connection } from "./connection.js";
import { $, h, loadIcons, soon } from "./dom.js";
import { loadEmoji } from "./emoji.js";
import { Modals } from "./modal.js";
import { authorOf } from "./people.js";
import { closePopup } from "./popup.js";
import { Rail } from "./rail.js";
import { go, isShown, route } from "./route.js";
import { Sidebar } from "./sidebar.js";
import { isInChannel, store } from "./store.js";
import { ThreadPane } from "./thread_pane.js";
import { Trace } from "./trace.js";

const ACT_AS = "lua-slack act as";
const ONE_SIDE = 1340; // pixels: no room for thread and log at once, as layout.css has it
const LOG_OPEN = "lua-slack log open";

const frame = $("#frame");

function openDrawer(is_open = true) {
  frame.classList.toggle("drawer-open", is_open);
  $("#scrim").hidden = !is_open;
  if (is_open) $("#sidebar .side-item")?.focus();
}

const TABS = [
  ["home", "Home"],
  ["messages", "Messages"],
  ["assistant", "Assistant"],
];

async function openTab(name) {
  if (name !== "messages") return go(name);
  const channel =
    store.appChannel() || (await act("open_dm", { user: store.bot.user_id }))?.channel;
  if (channel) go(channel.id || channel);
}

// The tabs of the app: its home, its messages, its assistant.
function tabs(current) {
  return h(
    "nav",
    { "class": "tabs", "aria-label": "App" },
    TABS.map(([name, label]) =>
      h(
        "button",
        {
          "type": "button",
          "aria-current": name === current ? "page" : null,
          "on": { click: () => openTab(name) },
        },
        label,
      ),
    ),
  );
}

const panes = {
  channel: new ChannelPane($("#channel"), () => openDrawer(), tabs),
  home: new AppHome($("#home"), () => openDrawer(), tabs),
  assistant: new AssistantPane($("#assistant"), () => openDrawer(), tabs),
};
const thread = new ThreadPane($("#thread"));
const trace = new Trace($("#log"), () => toggleLog(false));
const rail = new Rail($("#rail"), {
  toggleLog: () => toggleLog($("#log").hidden),
  showChannels: () => {
    if (window.innerWidth <= 800) openDrawer(!frame.classList.contains("drawer-open"));
    else $("#sidebar .side-item[aria-current]")?.focus();
  },
});
const sidebar = new Sidebar($("#sidebar"));

new Modals(); // shows itself whenever there is a view
new Banner($("#banners"));

function toggleLog(is_open) {
  $("#log").hidden = !is_open;
  rail.log.setAttribute("aria-pressed", String(is_open));
  localStorage.setItem(LOG_OPEN, is_open ? "1" : "");
  if (is_open && window.innerWidth <= ONE_SIDE && route().thread_ts) go(route().channel);
  trace.show();
  if (!is_open) rail.log.focus();
}

let shown = null;

function show() {
  if (!store.is_ready) return;
  const now = route();
  const is_new = shown !== window.location.hash;
  shown = window.location.hash;
  for (const [name, pane] of Object.entries(panes)) {
    $(`#${name}`).hidden = name !== now.pane;
    if (name === now.pane) is_new && pane.open ? pane.open() : pane.show();
  }
  thread.show();
  sidebar.show();
  frame.classList.toggle("thread-open", !$("#thread").hidden);
}

// Those who cannot see the page hear what others write where they are.
function announce({ channel, fresh }) {
  if (!isShown(channel)) return;
  const heard = fresh.filter((m) => m.user !== store.me && isInChannel(m)).slice(-3);
  if (heard.length === 0) return;
  $("#announcer").textContent = heard
    .map((m) => `${authorOf(m).name}: ${m.text || "a message"}`)
    .join(". ");
}

store.on("hello", () => {
  sessionStorage.setItem(ACT_AS, store.me);
  $("#loading").hidden = true;
  frame.hidden = false;
  shown = null;
  show();
});
const showSoon = soon(() => route().pane === "channel" && panes.channel.show());

store.on("messages", (what) => {
  announce(what);
  if (isShown(what.channel)) showSoon();
});
for (const topic of ["channels", "users"]) {
  store.on(topic, () => route().pane === "channel" && store.is_ready && panes.channel.show());
}

window.addEventListener("hashchange", () => {
  closePopup();
  openDrawer(false);
  show();
});
$("#scrim").addEventListener("click", () => openDrawer(false));
$("#sidebar").addEventListener("click", (event) => {
  if (event.target.closest(".side-item")) openDrawer(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && frame.classList.contains("drawer-open")) openDrawer(false);
});

const connection = new Connection(
  {
    told: (message) => store.take(message),
    state: (state) => {
      store.link = state;
      store.tell("link");
      $("#loading-text").textContent =
        state === "lost" ? "The local Slack does not answer. Trying again …" : "Connecting …";
    },
  },
  () => store.me || sessionStorage.getItem(ACT_AS),
);
use(connection);
if (localStorage.getItem(LOG_OPEN) ?? window.innerWidth > ONE_SIDE) toggleLog(true);
Promise.allSettled([loadEmoji(), loadIcons()]).then(() => connection.open());
