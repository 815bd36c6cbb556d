// What people have filled in, by the message or view that it stands in, kept while the
// page shows that anew. The values are those that the server takes.

const filled = new Map(); // place -> block_id -> action_id -> value

const INITIAL = {
  plain_text_input: (e) => e.initial_value ?? "",
  email_text_input: (e) => e.initial_value ?? "",
  url_text_input: (e) => e.initial_value ?? "",
  number_input: (e) => e.initial_value ?? "",
  rich_text_input: (e) => e.initial_value ?? null,
  static_select: (e) => e.initial_option?.value ?? null,
  external_select: (e) => e.initial_option?.value ?? null,
  radio_buttons: (e) => e.initial_option?.value ?? null,
  users_select: (e) => e.initial_user ?? null,
  conversations_select: (e) => e.initial_conversation ?? null,
  channels_select: (e) => e.initial_channel ?? null,
  datepicker: (e) => e.initial_date ?? null,
  timepicker: (e) => e.initial_time ?? null,
  datetimepicker: (e) => e.initial_date_time ?? null,
  checkboxes: (e) => (e.initial_options || []).map((o) => o.value),
  multi_static_select: (e) => (e.initial_options || []).map((o) => o.value),
  multi_external_select: (e) => (e.initial_options || []).map((o) => o.value),
  multi_users_select: (e) => e.initial_users || [],
  multi_conversations_select: (e) => e.initial_conversations || [],
  multi_channels_select: (e) => e.initial_channels || [],
  file_input: () => [],
};

export const isFillable = (element) => Boolean(INITIAL[element?.type]);

// What the server's state holds, as a value.
const HELD = [
  "value",
  "rich_text_value",
  "selected_user",
  "selected_conversation",
  "selected_channel",
  "selected_date",
  "selected_time",
  "selected_date_time",
  "selected_users",
  "selected_conversations",
  "selected_channels",
];

function fromState(held) {
  if (!held) return undefined;
  if (held.selected_option) return held.selected_option.value;
  if (held.selected_options) return held.selected_options.map((option) => option.value);
  if (held.files) return held.files.map((file) => file.id || file);
  const field = HELD.find((name) => held[name] !== undefined && held[name] !== null);
  return field && held[field];
}

export class Form {
  // key: of the place; state: the server's, when the place has one
  constructor(key, state) {
    this.values = filled.get(key) || new Map();
    filled.set(key, this.values);
    this.state = state?.values || {};
  }

  get(block, element) {
    const own = this.values.get(block.block_id);
    if (own?.has(element.action_id)) return own.get(element.action_id);
    const held = fromState(this.state[block.block_id]?.[element.action_id]);
    return held !== undefined ? held : INITIAL[element.type]?.(element);
  }

  set(block, element, value) {
    const own = this.values.get(block.block_id) || new Map();
    this.values.set(block.block_id, own);
    own.set(element.action_id, value);
  }

  // Of all elements of these blocks: {BLOCK_ID: {ACTION_ID: value}}
  all(blocks) {
    const result = {};
    for (const block of blocks || []) {
      for (const element of elementsOf(block)) {
        if (!isFillable(element)) continue;
        const value = this.get(block, element);
        result[block.block_id] = result[block.block_id] || {};
        result[block.block_id][element.action_id] =
          value === "" || value === undefined ? null : value;
      }
    }
    return result;
  }
}

export function elementsOf(block) {
  if (block.type === "input") return [block.element];
  if (block.type === "section") return block.accessory ? [block.accessory] : [];
  return block.type === "actions" ? block.elements || [] : [];
}

export function forget(key) {
  filled.delete(key);
}

const isEmpty = (value) =>
  value === null ||
  value === undefined ||
  value === "" ||
  (Array.isArray(value) && value.length === 0);

function numberProblem(element, value) {
  const number = Number(value);
  if (!/^-?\d+(\.\d+)?$/.test(value)) return "Please enter a number.";
  if (!element.is_decimal_allowed && !Number.isInteger(number))
    return "Please enter a whole number.";
  if (element.min_value !== undefined && number < Number(element.min_value)) {
    return `Please enter ${element.min_value} or more.`;
  }
  if (element.max_value !== undefined && number > Number(element.max_value)) {
    return `Please enter ${element.max_value} or less.`;
  }
}

const PROBLEMS = {
  number_input: numberProblem,
  email_text_input: (e, value) =>
    /^[^\s@]+@[^\s@]+$/.test(value) ? undefined : "Please enter a valid email address.",
  url_text_input: (e, value) =>
    /^[a-z][\w+.-]*:\/\/\S+$/i.test(value) ? undefined : "Please enter a valid URL.",
  plain_text_input(element, value) {
    const length = [...value].length;
    if (length < (element.min_length || 0))
      return `Please enter at least ${element.min_length} characters.`;
    if (length > (element.max_length || 3000))
      return `Please enter at most ${element.max_length || 3000} characters.`;
  },
};

// What Slack's client refuses by itself: {BLOCK_ID: text}
export function problems(blocks, form) {
  const found = {};
  for (const block of blocks || []) {
    if (block.type !== "input") continue;
    const value = form.get(block, block.element);
    const problem = isEmpty(value)
      ? block.optional
        ? undefined
        : "Please complete this required field."
      : PROBLEMS[block.element.type]?.(block.element, value);
    if (problem) found[block.block_id] = problem;
  }
  return found;
}
