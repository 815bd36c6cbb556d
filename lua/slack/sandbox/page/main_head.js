// The head of what stands in the middle of the page.

import { h, iconButton } from "./dom.js";

// openDrawer: shows the sidebar where there is no room for it
export function mainHead(openDrawer, ...content) {
  return h(
    "header",
    { class: "pane-head main-head" },
    iconButton("menu", "Open the list of channels", openDrawer, { class: "only-narrow" }),
    ...content,
  );
}
