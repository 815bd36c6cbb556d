// Short words at the lower edge that go away by themselves.

import { $, h, iconButton } from "./dom.js";

const SHOWN_FOR = { info: 4000, error: 9000 }; // milliseconds

export function toast(text, kind = "info") {
  const node = h(
    "div",
    { class: `toast toast-${kind}` },
    h("span", {}, text),
    iconButton("close", "Dismiss", () => node.remove()),
  );
  // What is modal covers the rest of the page, so the words go into it.
  const host = $("dialog[open] .dialog-toasts") || $("#toasts");
  host.append(node);
  setTimeout(() => node.remove(), SHOWN_FOR[kind]);
}
