// What the page knows of the workspace: the server's hello, and its deltas applied to it.

const MOST_RECORDS = 1000;
const WINDOW = 500; // messages of a channel that hello has at most

class Store {
  constructor() {
    this.listeners = new Map();
    this.link = "connecting";
    this.notices = new Map(); // channel -> what the page itself says there
    this.read = new Map(); // channel -> ts of the last message seen
    this.clear();
  }

  clear() {
    this.team = { name: "" };
    this.bot = {};
    this.me = "";
    this.users = new Map();
    this.channels = new Map();
    this.messages = new Map(); // channel -> ts -> message
    this.complete = new Set(); // channels of which all messages are known
    this.views = [];
    this.home = null;
    this.assistant = new Map();
    this.app = {};
    this.trace = new Map();
    this.is_ready = false;
  }

  on(topic, listener) {
    const list = this.listeners.get(topic) || [];
    list.push(listener);
    this.listeners.set(topic, list);
  }

  tell(topic, detail) {
    for (const listener of this.listeners.get(topic) || []) listener(detail);
  }

  take(message) {
    DELTAS[message.type]?.(this, message);
  }

  // Messages of a channel, oldest first, with the page's own notices among them.
  list(channel) {
    const all = [...(this.messages.get(channel)?.values() || [])];
    all.push(...(this.notices.get(channel) || []));
    return all.sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
  }

  // Whether the server may have older ones than the page knows.
  hasEarlier(channel) {
    return !this.complete.has(channel) && (this.messages.get(channel)?.size || 0) >= WINDOW;
  }

  addEarlier(channel, list, has_more) {
    if (!has_more) this.complete.add(channel);
    putMessages(this, channel, list);
    this.tell("messages", { channel, fresh: [] });
  }

  message(channel, ts) {
    return this.messages.get(channel)?.get(ts);
  }

  user(id) {
    return this.users.get(id);
  }

  // The app's own direct conversation with the person who is acted as.
  appChannel() {
    return [...this.channels.values()].find((c) => c.kind === "im" && c.user === this.bot.user_id);
  }

  // Says something in a channel that only this page knows of, as Slackbot does.
  notice(channel, text, thread_ts) {
    const list = this.notices.get(channel) || [];
    const ts = `${(Date.now() / 1000).toFixed(6)}`;
    list.push({
      type: "message",
      ts,
      channel,
      text,
      thread_ts,
      is_ephemeral: true,
      is_notice: true,
      username: "Slackbot",
    });
    this.notices.set(channel, list);
    this.tell("messages", { channel, fresh: [] });
  }

  dismiss(message) {
    const list = this.notices.get(message.channel) || [];
    this.notices.set(
      message.channel,
      list.filter((m) => m.ts !== message.ts),
    );
    this.tell("messages", { channel: message.channel, fresh: [] });
  }

  markRead(channel) {
    const last = this.list(channel).at(-1)?.ts;
    if (!last || (this.read.get(channel) || "") >= last) return;
    this.read.set(channel, last);
    this.tell("unread");
  }

  // How many messages of others are new there.
  unread(channel) {
    const since = this.read.get(channel) || "";
    let count = 0;
    for (const message of this.messages.get(channel)?.values() || []) {
      if (message.ts > since && message.user !== this.me && isInChannel(message)) count += 1;
    }
    return count;
  }
}

export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

// Talks with the assistant have a tab of their own.
export function isInChannel(message) {
  if (message.subtype === "assistant_app_thread") return false;
  return !isReply(message) || message.subtype === "thread_broadcast";
}

const byId = (list) => new Map((list || []).map((item) => [item.id, item]));
const threadKey = (thread) => `${thread.channel} ${thread.thread_ts}`;

function upsert(map, list, key) {
  for (const item of list || []) map.set(key(item), item);
}

function putMessages(store, channel, list) {
  const known = store.messages.get(channel) || new Map();
  store.messages.set(channel, known);
  const fresh = (list || []).filter((message) => !known.has(message.ts));
  for (const message of list || []) known.set(message.ts, { ...message, channel });
  return fresh;
}

function readAll(store) {
  for (const channel of store.channels.keys()) {
    if (!store.read.has(channel)) store.read.set(channel, store.list(channel).at(-1)?.ts || "");
  }
}

const DELTAS = {
  hello(store, message) {
    store.clear();
    for (const key of ["team", "bot", "app_id", "me"]) store[key] = message[key];
    store.users = byId(message.users);
    store.channels = byId(message.channels);
    for (const [channel, list] of Object.entries(message.messages || {})) {
      putMessages(store, channel, list);
    }
    store.views = message.views || [];
    store.home = message.home || null;
    upsert(store.assistant, message.assistant, threadKey);
    store.app = message.app || {};
    upsert(store.trace, message.trace, (record) => record.n);
    store.is_ready = true;
    readAll(store);
    store.tell("hello");
  },
  messages(store, message) {
    const fresh = putMessages(store, message.channel, message.upsert);
    for (const ts of message.remove || []) store.messages.get(message.channel).delete(ts);
    store.tell("messages", { channel: message.channel, fresh });
  },
  channels(store, message) {
    upsert(store.channels, message.upsert, (channel) => channel.id);
    for (const id of message.remove || []) store.channels.delete(id);
    store.tell("channels");
  },
  users(store, message) {
    upsert(store.users, message.upsert, (user) => user.id);
    store.tell("users");
  },
  views(store, message) {
    store.views = message.views || [];
    store.tell("views");
  },
  home(store, message) {
    store.home = message.home || null;
    store.tell("home");
  },
  assistant(store, message) {
    upsert(store.assistant, message.upsert, threadKey);
    store.tell("assistant");
  },
  app(store, message) {
    store.app = message.app || {};
    store.tell("app");
  },
  trace(store, message) {
    upsert(store.trace, message.records, (record) => record.n);
    for (const n of store.trace.keys()) {
      if (store.trace.size <= MOST_RECORDS) break;
      store.trace.delete(n);
    }
    store.tell("trace");
  },
};

export const store = new Store();
