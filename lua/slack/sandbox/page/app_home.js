// The app's Home tab.

import { act } from "./actions.js";
import { block } from "./block_kit.js";
import { h, icon, keepFocus, reconcile, replace } from "./dom.js";
import { mainHead } from "./main_head.js";
import { userAvatar } from "./people.js";
import { Place } from "./place.js";
import { store } from "./store.js";

export class AppHome {
  constructor(node, openDrawer, tabs) {
    this.where = {};
    this.place = new Place("home", this.where, []);
    this.name = h("h1", { class: "channel-title" });
    this.blocks = h("div", { class: "home-blocks" });
    this.empty = h("div", { class: "empty" });
    replace(
      node,
      mainHead(openDrawer, this.name),
      tabs("home"),
      h(
        "div",
        { "class": "home-scroll", "tabindex": "0", "role": "region", "aria-label": "Home" },
        this.blocks,
        this.empty,
      ),
    );
    store.on("home", () => this.show());
  }

  // The person goes there: the app is told, and may publish the tab.
  open() {
    act("open_home", {});
    document.title = `${store.bot.name} – ${store.team.name}`;
    this.show();
  }

  show() {
    replace(this.name, userAvatar(store.bot.user_id, "small"), h("span", {}, store.bot.name || ""));
    const home = store.home;
    this.empty.hidden = Boolean(home);
    replace(
      this.empty,
      icon("home"),
      h("h2", {}, "Nothing here yet"),
      h(
        "p",
        {},
        "The app has published no Home tab for you. It does so with ",
        h("code", {}, "views.publish"),
        ", usually when ",
        h("code", {}, "app_home_opened"),
        " arrives, which it just did.",
      ),
    );
    if (home) {
      this.where.view_id = home.id;
      this.place.update(home.blocks, home.state);
    }
    const items = (home?.blocks || []).map((what, i) => ({
      key: what.block_id || i,
      signature: JSON.stringify(what),
      what,
    }));
    keepFocus(this.blocks, () =>
      reconcile(this.blocks, items, (item) => block(item.what, this.place)),
    );
  }
}
