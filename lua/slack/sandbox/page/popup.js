// What opens beside a control and closes at Escape, at a click elsewhere, or when done.

import { h } from "./dom.js";

const GAP = 4;
const EDGE = 8;
let current = null;

function place(popup, anchor) {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popup;
  const below = box.bottom + GAP + height <= window.innerHeight - EDGE;
  const above = box.top - GAP - height >= EDGE;
  const top =
    below || !above
      ? Math.min(box.bottom + GAP, window.innerHeight - height - EDGE)
      : box.top - GAP - height;
  const left = popup.dataset.align === "end" ? box.right - width : box.left;
  popup.style.top = `${Math.max(EDGE, top)}px`;
  popup.style.left = `${Math.max(EDGE, Math.min(left, window.innerWidth - width - EDGE))}px`;
}

export function closePopup() {
  current?.close();
}

// options: { label, align: "start" | "end", className, onClose(), keepFocus }
export function openPopup(anchor, content, options = {}) {
  closePopup();
  const popup = h(
    "div",
    { "class": `popup ${options.className || ""}`, "data-align": options.align || "start" },
    content,
  );
  const outside = (event) => {
    if (!popup.contains(event.target) && !anchor.contains(event.target)) close(false);
  };
  const onKey = (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    }
  };
  const again = () => place(popup, anchor);
  function close(back = true) {
    if (current?.popup !== popup) return;
    current = null;
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", onKey, true);
    window.removeEventListener("resize", again);
    popup.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (back && anchor.isConnected) anchor.focus({ preventScroll: true });
    options.onClose?.();
  }
  (anchor.closest("dialog") || document.body).append(popup);
  anchor.setAttribute("aria-expanded", "true");
  if (options.matchWidth) popup.style.minWidth = `${anchor.offsetWidth}px`;
  place(popup, anchor);
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", onKey, true);
  window.addEventListener("resize", again);
  current = { popup, close, place: again };
  return current;
}

function moveBy(items, step) {
  const at = items.indexOf(document.activeElement);
  items[(at + step + items.length) % items.length]?.focus();
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

// A menu of choices. items: { label, icon, note, danger, checked, act() } | { heading } | "line"
export function openMenu(anchor, items, options = {}) {
  if (anchor.getAttribute("aria-expanded") === "true") return closePopup();
  const nodes = items.filter(Boolean).map((item) => menuNode(item));
  const menu = h(
    "div",
    { "role": "menu", "class": "menu", "aria-label": options.label || "Menu" },
    nodes,
  );
  const popup = openPopup(anchor, menu, options);
  menu.addEventListener(
    "click",
    (event) => {
      if (event.target.closest("[role^=menuitem]")) popup.close(true);
    },
    true,
  );
  menu.addEventListener("keydown", (event) => {
    const all = [...menu.querySelectorAll("[role^=menuitem]")];
    if (STEPS[event.key]) moveBy(all, STEPS[event.key]);
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all.at(-1)?.focus();
    else if (event.key === "Tab") popup.close(true);
    else return;
    event.preventDefault();
  });
  menu.querySelector("[role^=menuitem]")?.focus({ preventScroll: true });
  return popup;
}

function menuNode(item) {
  if (item === "line") return h("hr");
  if (item.heading) return h("div", { class: "menu-heading", role: "presentation" }, item.heading);
  return h(
    "button",
    {
      "type": "button",
      "tabindex": "-1",
      "class": `menu-item ${item.danger ? "danger" : ""}`,
      "role": item.checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": item.checked === undefined ? null : String(item.checked),
      "on": { click: () => setTimeout(item.act) },
    },
    item.lead || null,
    h("span", { class: "menu-label" }, item.label, item.note ? h("small", {}, item.note) : null),
    item.checked ? h("span", { "class": "menu-check", "aria-hidden": "true" }, "✓") : null,
  );
}
