// The WebSocket to the local Slack: what the page asks for (`act`) and what it is told.

const FIRST_PAUSE = 300; // milliseconds, doubled up to LONGEST_PAUSE
const LONGEST_PAUSE = 5000;

export class Connection {
  // listener: { told(message), state("connecting" | "open" | "lost") }
  // me(): id of the person who is acted as, if known
  constructor(listener, me) {
    this.me = me;
    this.listener = listener;
    this.waiting = new Map();
    this.next = 1;
    this.pause = FIRST_PAUSE;
  }

  async open() {
    this.listener.state("connecting");
    try {
      const team = new URLSearchParams(window.location.search).get("team") || undefined;
      const answer = await fetch("live", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ user: this.me() || undefined, team }),
      });
      if (!answer.ok) throw new Error(`the local Slack answered ${answer.status}`);
      this.listen((await answer.json()).url);
    } catch {
      this.again();
    }
  }

  listen(url) {
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = () => {
      if (this.socket === socket) this.again();
    };
  }

  take(message) {
    if (message.type === "hello") {
      this.pause = FIRST_PAUSE;
      this.listener.state("open");
    }
    if (message.type !== "reply") {
      this.listener.told(message);
      return;
    }
    const asked = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.ok) asked?.resolve(message.result || {});
    else asked?.reject(new Error(message.error || "The local Slack refused, and did not say why."));
  }

  again() {
    this.socket = null;
    this.listener.state("lost");
    for (const asked of this.waiting.values()) {
      asked.reject(new Error("The connection to the local Slack was lost."));
    }
    this.waiting.clear();
    setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  // Resolves with the result; rejects with a text for people.
  act(name, fields = {}) {
    if (this.socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Error("There is no connection to the local Slack at the moment."));
    }
    const id = this.next;
    this.next += 1;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, act: name, ...fields }));
    });
  }
}
