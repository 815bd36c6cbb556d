// A list that opens under a menu's button: filtered while typing, one or several choices.

import { h, replace } from "./dom.js";
import { openPopup } from "./popup.js";

const PAUSE = 200; // milliseconds after typing until it is asked for choices
let count = 0;

// source: { load(text) -> groups | promise, min_length } ; groups: [{ label, options: [choice] }];
// choice: { value, label, text, note, lead }
// options: { label, several, chosen: [values], max, onChange(list), onClose(list) }
export function openPicker(anchor, source, options) {
  new Picker(anchor, source, options).open();
}

class Picker {
  constructor(anchor, source, options) {
    Object.assign(this, { anchor, source, options });
    this.chosen = new Map(options.chosen.map((choice) => [choice.value, choice]));
    count += 1;
    this.id = `picker-${count}`;
    this.choices = [];
    this.active = 0;
    this.turn = 0;
  }

  open() {
    this.list = h("div", {
      "class": "picker-list",
      "role": "listbox",
      "id": this.id,
      "aria-label": this.options.label,
      "aria-multiselectable": String(this.options.several),
    });
    this.input = h("input", {
      "class": "picker-filter",
      "type": "text",
      "role": "combobox",
      "aria-expanded": "true",
      "aria-controls": this.id,
      "aria-autocomplete": "list",
      "aria-label": `Filter: ${this.options.label}`,
      "placeholder": "Search",
      "autocomplete": "off",
      "on": { input: () => this.later(), keydown: (event) => this.key(event) },
    });
    this.popup = openPopup(this.anchor, [this.input, this.list], {
      className: "picker",
      matchWidth: true,
      onClose: () => this.options.onClose?.([...this.chosen.values()]),
    });
    this.input.focus({ preventScroll: true });
    this.load();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), this.source.is_remote ? PAUSE : 0);
  }

  async load() {
    this.turn += 1;
    const turn = this.turn;
    const text = this.input.value.trim();
    const lack = (this.source.min_length || 0) - text.length;
    if (lack > 0) return this.say(`Type ${lack} more character${lack > 1 ? "s" : ""} to search.`);
    if (this.source.is_remote) this.say("Loading …");
    try {
      const groups = await this.source.load(text);
      if (turn === this.turn) this.show(groups);
    } catch (error) {
      if (turn === this.turn) this.say(error.message);
    }
  }

  say(text) {
    this.choices = [];
    replace(
      this.list,
      h("div", { "class": "picker-empty", "role": "option", "aria-disabled": "true" }, text),
    );
    this.popup.place();
  }

  show(groups) {
    this.choices = groups.flatMap((group) => group.options);
    if (this.choices.length === 0) return this.say("No results");
    this.active = Math.max(
      0,
      this.choices.findIndex((choice) => this.chosen.has(choice.value)),
    );
    let at = 0;
    replace(
      this.list,
      groups.map((group, i) =>
        h(
          "div",
          group.label
            ? { "role": "group", "aria-labelledby": `${this.id}-g${i}` }
            : { role: "presentation" },
          group.label
            ? h("div", { class: "picker-group", id: `${this.id}-g${i}` }, group.label)
            : null,
          group.options.map((choice) => {
            at += 1;
            return this.option(choice, at - 1);
          }),
        ),
      ),
    );
    this.mark();
    this.popup.place();
  }

  option(choice, at) {
    return h(
      "div",
      {
        "class": "picker-option",
        "role": "option",
        "id": `${this.id}-${at}`,
        "aria-selected": String(this.chosen.has(choice.value)),
        "on": {
          click: () => this.choose(at),
          pointermove: () => {
            if (this.active !== at) {
              this.active = at;
              this.mark(false);
            }
          },
        },
      },
      choice.lead || null,
      h(
        "span",
        { class: "picker-text" },
        choice.text ?? choice.label,
        choice.note ? h("small", {}, choice.note) : null,
      ),
    );
  }

  mark(scroll = true) {
    this.list.querySelectorAll("[role=option]").forEach((node, i) => {
      node.classList.toggle("active", i === this.active);
      if (i === this.active && scroll) node.scrollIntoView({ block: "nearest" });
    });
    this.input.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
  }

  key(event) {
    const last = this.choices.length - 1;
    const moves = {
      ArrowDown: Math.min(last, this.active + 1),
      ArrowUp: Math.max(0, this.active - 1),
      PageDown: Math.min(last, this.active + 8),
      PageUp: Math.max(0, this.active - 8),
    };
    if (moves[event.key] !== undefined) {
      this.active = moves[event.key];
      this.mark();
    } else if (event.key === "Enter" && last >= 0) {
      this.choose(this.active);
    } else if (event.key === "Tab") {
      this.popup.close(true);
      return;
    } else if (event.key !== "Enter") {
      return;
    }
    event.preventDefault();
  }

  choose(at) {
    const choice = this.choices[at];
    if (!this.options.several) {
      this.chosen = new Map([[choice.value, choice]]);
      this.popup.close(true);
      return;
    }
    if (this.chosen.has(choice.value)) this.chosen.delete(choice.value);
    else if (this.chosen.size < (this.options.max || Infinity))
      this.chosen.set(choice.value, choice);
    const node = this.list.querySelector(`#${this.id}-${at}`);
    node.setAttribute("aria-selected", String(this.chosen.has(choice.value)));
    this.active = at;
    this.mark(false);
    this.options.onChange?.([...this.chosen.values()]);
  }
}
