// Menus of Block Kit: static, external, of users, conversations and channels, single and multi.

import { h, icon, replace } from "./dom.js";
import { confirmed } from "./dialog.js";
import { openPicker } from "./picker.js";
import { channelName, nameOf, people, userAvatar } from "./people.js";
import { plainString, textObject } from "./rich_text.js";
import { store } from "./store.js";

const asChoice = (option) => ({
  value: option.value,
  label: plainString(option.text),
  text: textObject(option.text),
  note: option.description ? plainString(option.description) : null,
});

const matches = (text) => (choice) => choice.label.toLowerCase().includes(text.toLowerCase());

function groupsOf(offer) {
  const groups = offer.option_groups || [{ options: offer.options || [] }];
  return groups.map((group) => ({
    label: group.label && plainString(group.label),
    options: (group.options || []).map(asChoice),
  }));
}

function filtered(groups, text) {
  return groups
    .map((group) => ({ ...group, options: group.options.filter(matches(text)) }))
    .filter((group) => group.options.length > 0);
}

const userChoice = (user) => ({
  value: user.id,
  label: nameOf(user),
  lead: userAvatar(user.id, "small"),
});

const channelChoice = (channel) => ({
  value: channel.id,
  label: channelName(channel),
  lead: h(
    "span",
    { class: "picker-lead" },
    channel.kind === "private" ? icon("lock") : channel.kind === "channel" ? "#" : icon("person"),
  ),
});

const KINDS = { im: "im", mpim: "mpim", private: "private", channel: "public" };

function isWanted(filter) {
  return (channel) =>
    (!filter?.include || filter.include.includes(KINDS[channel.kind])) &&
    !(filter?.exclude_bot_users && channel.kind === "im" && store.user(channel.user)?.is_bot);
}

const LISTS = {
  static: (element) => groupsOf(element),
  users: () => [
    {
      options: [...people(), ...[...store.users.values()].filter((u) => u.is_bot)].map(userChoice),
    },
  ],
  channels: () => [
    {
      options: [...store.channels.values()].filter((c) => c.kind === "channel").map(channelChoice),
    },
  ],
  conversations: (element) => [
    { options: [...store.channels.values()].filter(isWanted(element.filter)).map(channelChoice) },
  ],
};

function sourceOf(kind, element, block, place) {
  if (kind !== "external") {
    return { load: (text) => filtered(LISTS[kind](element), text) };
  }
  return {
    is_remote: true,
    min_length: element.min_query_length ?? 3,
    async load(text) {
      const answer = await place.suggest(element, block, text);
      if (answer.failure) throw new Error(answer.failure);
      const offer = groupsOf(answer);
      for (const choice of offer.flatMap((group) => group.options)) {
        place.labels.set(`${element.action_id} ${choice.value}`, choice);
      }
      return offer;
    },
  };
}

// The choice that has a value, also when nothing is offered just now.
function choiceOf(kind, element, place, value) {
  const initial = [element.initial_option, ...(element.initial_options || [])].filter(Boolean);
  const found =
    kind === "external"
      ? place.labels.get(`${element.action_id} ${value}`)
      : LISTS[kind](element)
          .flatMap((group) => group.options)
          .find((c) => c.value === value);
  const option = !found && initial.find((o) => o.value === value);
  return found || (option && asChoice(option)) || { value, label: String(value) };
}

function listOf(value) {
  return Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
}

const PLACEHOLDERS = {
  users: "Select a user",
  channels: "Select a channel",
  conversations: "Select a conversation",
  static: "Select an option",
  external: "Search",
};

export function select(element, block, place, label) {
  const several = element.type.startsWith("multi_");
  const kind = element.type.replace(/^multi_/, "").replace(/_select$/, "");
  if (
    element.default_to_current_conversation &&
    place.channel &&
    listOf(place.form.get(block, element)).length === 0
  ) {
    place.form.set(block, element, several ? [place.channel] : place.channel);
  }
  const placeholder = plainString(element.placeholder) || PLACEHOLDERS[kind];
  const chosen = () =>
    listOf(place.form.get(block, element)).map((value) => choiceOf(kind, element, place, value));
  const node = h("button", {
    "type": "button",
    "class": `select ${several ? "select-multi" : ""}`,
    "aria-haspopup": "listbox",
    "aria-expanded": "false",
    ...place.control(element, block),
  });
  const show = () => {
    const list = chosen();
    const labels = list.map((choice) => choice.label).join(", ");
    node.setAttribute("aria-label", `${label || placeholder}: ${labels || "nothing chosen"}`);
    replace(
      node,
      h(
        "span",
        { class: list.length ? "select-value" : "select-placeholder" },
        list.length === 0
          ? placeholder
          : several
            ? list.map((choice) => h("span", { class: "chip" }, choice.label))
            : list[0].label,
      ),
      icon("chevron"),
    );
  };
  const done = async (list) => {
    const value = list.map((choice) => choice.value);
    if (JSON.stringify(value) === JSON.stringify(listOf(place.form.get(block, element)))) return;
    if (!(await confirmed(element.confirm))) return;
    place.form.set(block, element, several ? value : value[0]);
    show();
    place.changed(element, block);
  };
  node.addEventListener("click", () =>
    openPicker(node, sourceOf(kind, element, block, place), {
      label: label || placeholder,
      several,
      chosen: chosen(),
      max: element.max_selected_items,
      onClose: done,
    }),
  );
  show();
  return node;
}
