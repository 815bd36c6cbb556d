// Emoji by their short names, from emoji.json.

const names = new Map(); // name -> characters
const categories = []; // [{ name, list: [{ names, text }] }]
let loading;

export function loadEmoji() {
  loading =
    loading ||
    fetch("emoji.json")
      .then((answer) => answer.json())
      .then(take);
  return loading;
}

function take(data) {
  for (const [name, lines] of Object.entries(data)) {
    const list = lines.map((line) => {
      const words = line.split(" ");
      const text = words.pop();
      for (const word of words) names.set(word, text);
      return { names: words, text };
    });
    if (name !== "Component") categories.push({ name, list });
  }
}

// "wave", "wave::skin-tone-3" -> characters, or undefined for one that is not known
export function emojiText(name) {
  const [base, tone] = name.split("::");
  const text = names.get(base);
  if (!text || !tone || !names.has(tone)) return text;
  const [first, ...rest] = [...text];
  return first + names.get(tone) + rest.filter((c, i) => i > 0 || c !== "\uFE0F").join("");
}

export function emojiCategories() {
  return categories;
}

// Those whose name begins with the word come first.
export function findEmoji(word, most = 60) {
  const begins = [];
  const holds = [];
  for (const { list } of categories) {
    for (const emoji of list) {
      if (emoji.names.some((name) => name.startsWith(word))) begins.push(emoji);
      else if (emoji.names.some((name) => name.includes(word))) holds.push(emoji);
    }
  }
  return begins.concat(holds).slice(0, most);
}
