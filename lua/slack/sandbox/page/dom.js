// Elements without markup: every text becomes a text node, never HTML.

const SVG = "http://www.w3.org/2000/svg";

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

// h("button", { class: "x", on: { click }, "aria-label": "…" }, children…)
export function h(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [kind, listener] of Object.entries(value)) node.addEventListener(kind, listener);
    } else if (name === "value") {
      node.value = value;
    } else {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  return append(node, children);
}

// The icons become a part of the page once, so that they are there while no server is.
export async function loadIcons() {
  const text = await (await fetch("icons.svg")).text();
  const drawing = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  for (const symbol of drawing.children) symbol.id = `icon-${symbol.id}`;
  drawing.setAttribute("class", "visually-hidden");
  drawing.setAttribute("aria-hidden", "true");
  document.body.append(document.importNode(drawing, true));
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

// A button that shows only an icon; its label is its name and its tooltip.
export function iconButton(name, label, click, more = {}) {
  return h(
    "button",
    {
      "type": "button",
      ...more,
      "class": `icon-button ${more.class || ""}`.trim(),
      "aria-label": label,
      "title": label,
      "on": { click },
    },
    icon(name),
  );
}

export function replace(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

// Lists from Lua: an empty table may have become an object.
export const listOf = (value) => (Array.isArray(value) ? value : []);

const SOON = 25; // milliseconds

// Many calls at once are one a little later.
export function soon(work) {
  let timer = null;
  return () => {
    timer =
      timer ??
      setTimeout(() => {
        timer = null;
        work();
      }, SOON);
  };
}

export const $ = (selector, root = document) => root.querySelector(selector);

// The address of a picture from elsewhere, if the page may show it.
export const pictureUrl = (url) => (/^(https:|data:image\/)/i.test(url) ? url : undefined);

// What cannot be shown, as a bot may send anything, hides nothing else.
function made(make, item, before) {
  try {
    return make(item, before);
  } catch (error) {
    console.info(error);
    return h("div", { class: "no-image" }, "This cannot be shown: the event log has it.");
  }
}

// Puts the nodes that belong to keys in order, and makes anew only those whose signature changed.
export function reconcile(parent, items, make) {
  const old = parent.keyed || new Map();
  const next = new Map();
  for (const item of items) {
    const before = old.get(item.key);
    next.set(
      item.key,
      before && before.signature === item.signature
        ? before
        : { signature: item.signature, node: made(make, item, before && before.node) },
    );
  }
  for (const [key, entry] of old) {
    if (next.get(key)?.node !== entry.node) entry.node.remove();
  }
  let place = parent.firstChild;
  for (const { node } of next.values()) {
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  parent.keyed = next;
}

// Keeps the focus where it was while `change` makes nodes anew: what is focused is found
// again by its data-focus.
export function keepFocus(root, change) {
  const active = document.activeElement;
  const name = root.contains(active) ? active.closest("[data-focus]")?.dataset.focus : undefined;
  const range =
    name !== undefined && typeof active.selectionStart === "number"
      ? [active.selectionStart, active.selectionEnd]
      : null;
  change();
  if (name === undefined || root.contains(document.activeElement)) return;
  const again = [...root.querySelectorAll("[data-focus]")].find((n) => n.dataset.focus === name);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (range) again.setSelectionRange?.(...range);
}
