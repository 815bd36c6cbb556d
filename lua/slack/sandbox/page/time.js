// Times as a message list and <!date^…> show them, in the reader's own zone.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const CLOCK_SECONDS = new Intl.DateTimeFormat(undefined, {
  hour: "numeric",
  minute: "2-digit",
  second: "2-digit",
});
const LONG = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  year: "numeric",
  month: "long",
  day: "numeric",
});
const MIDDLE = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "long",
  day: "numeric",
});
const SHORT = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
});
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });

export const dateOf = (ts) => new Date(Number(ts) * 1000);
export const clock = (ts) => CLOCK.format(dateOf(ts));

// 9:56, also where clocks have 12 hours: all that there is room for beside a message.
export const shortClock = (ts) =>
  CLOCK.formatToParts(dateOf(ts))
    .filter(({ type }) => type !== "dayPeriod")
    .map(({ value }) => value)
    .join("")
    .trim();

export const fullTime = (ts) => `${LONG.format(dateOf(ts))} at ${CLOCK_SECONDS.format(dateOf(ts))}`;

// 20:41:07.123, as the log shows when a frame passed.
export function exactTime(seconds) {
  const date = dateOf(seconds);
  const two = (number) => String(number).padStart(2, "0");
  return (
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}` +
    `.${String(date.getMilliseconds()).padStart(3, "0")}`
  );
}

function daysAgo(date) {
  const midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate());
  return Math.round((midnight(new Date()) - midnight(date)) / 86400000);
}

const NEAR = new Map([
  [0, "Today"],
  [1, "Yesterday"],
  [-1, "Tomorrow"],
]);

export function dayName(ts) {
  const date = dateOf(ts);
  const is_this_year = date.getFullYear() === new Date().getFullYear();
  return NEAR.get(daysAgo(date)) || (is_this_year ? DAY : LONG).format(date);
}

export const dayKey = (ts) => dateOf(ts).toDateString();

function pretty(date, format) {
  return NEAR.get(daysAgo(date))?.toLowerCase() || format.format(date);
}

const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export function ago(ts) {
  const seconds = Number(ts) - Date.now() / 1000;
  const [unit, size] = UNITS.find((u) => Math.abs(seconds) >= u[1]) || ["second", 1];
  return RELATIVE.format(Math.round(seconds / size), unit);
}

const TOKENS = {
  date_num: (d) =>
    `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-` +
    String(d.getDate()).padStart(2, "0"),
  date: (d) => MIDDLE.format(d),
  date_short: (d) => SHORT.format(d),
  date_long: (d) => LONG.format(d),
  date_pretty: (d) => pretty(d, MIDDLE),
  date_short_pretty: (d) => pretty(d, SHORT),
  date_long_pretty: (d) => pretty(d, LONG),
  time: (d) => CLOCK.format(d),
  time_secs: (d) => CLOCK_SECONDS.format(d),
  ago: (d) => ago(d / 1000),
};

// "Posted {date_short} at {time}"
export function formatDate(ts, format) {
  const date = dateOf(ts);
  if (Number.isNaN(date.getTime())) return undefined;
  return format.replace(/\{(\w+)\}/g, (all, name) => TOKENS[name]?.(date) ?? all);
}

export function duration(seconds) {
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}
