// Where blocks stand, a message or a view: what is filled in there, and what is sent of it.

import { act, ask } from "./actions.js";
import { Form } from "./form.js";

let count = 0;

export class Place {
  // where: { channel, ts } of a message, or { view_id }; both, and state, may be given
  constructor(key, where, blocks, state) {
    this.key = key;
    this.where = where;
    this.channel = where.channel;
    this.blocks = blocks;
    this.form = new Form(key, state);
    this.labels = LABELS.get(key) || new Map();
    LABELS.set(key, this.labels);
    this.errors = {};
    this.onEdit = () => {};
  }

  // The same place, whose blocks the app has changed.
  update(blocks, state) {
    this.blocks = blocks;
    this.form.state = state?.values || {};
  }

  // Attributes of the control that an element becomes.
  control(element, block) {
    count += 1;
    const error = this.errors[block.block_id];
    return {
      "id": `control-${count}`,
      "data-focus": `${block.block_id} ${element.action_id}`,
      "data-action": element.action_id,
      "data-load": element.focus_on_load || null,
      "aria-invalid": error && block.type === "input" ? "true" : null,
    };
  }

  fields(element, block) {
    return {
      ...this.where,
      block_id: block.block_id,
      action_id: element.action_id,
      values: this.form.all(this.blocks),
    };
  }

  click(element, block, value) {
    return act("click", { ...this.fields(element, block), value });
  }

  suggest(element, block, value) {
    return ask("suggest", { ...this.fields(element, block), value });
  }

  // The person has given a value; the app hears of it where the element says so.
  changed(element, block) {
    this.onEdit(block);
    if (block.type === "input" && !block.dispatch_action) return undefined;
    return this.click(element, block, this.form.get(block, element));
  }

  set(element, block, value) {
    this.form.set(block, element, value);
    this.onEdit(block);
  }
}

const LABELS = new Map(); // place -> choices that the app has offered
