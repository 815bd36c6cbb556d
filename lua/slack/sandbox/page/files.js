// Files: giving them to the local Slack, and showing those that messages carry.

import { act } from "./actions.js";
import { h, icon, listOf } from "./dom.js";

const LARGEST = 20 * 1024 * 1024;

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

// where: { channel, thread_ts } to share it there; the File object, or undefined
export async function upload(file, where = {}) {
  if (file.size > LARGEST) {
    await import("./toast.js").then(({ toast }) =>
      toast(`${file.name} is larger than 20 MB.`, "error"),
    );
    return undefined;
  }
  const result = await act("upload", {
    ...where,
    filename: file.name,
    content: await base64(file),
  });
  return result?.file || (result && { id: result.file_id, name: file.name });
}

function sizeText(bytes) {
  if (!bytes) return "";
  const units = ["B", "kB", "MB", "GB"];
  const at = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** at).toFixed(at ? 1 : 0)} ${units[at]}`;
}

function fileNode(file) {
  const url = `files/${encodeURIComponent(file.id)}`;
  const name = file.title || file.name || file.id;
  const card = h(
    "a",
    { class: "file", href: url, target: "_blank", rel: "noopener", download: file.name },
    h("span", { class: "file-icon" }, icon("file")),
    h(
      "span",
      { class: "file-text" },
      h("strong", {}, name),
      h(
        "small",
        {},
        [(file.pretty_type || file.filetype || "File").toUpperCase(), sizeText(file.size)]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
  );
  if (!/^image\//.test(file.mimetype || "")) return card;
  const picture = h("img", {
    class: "file-image",
    src: url,
    alt: file.alt_txt || name,
    loading: "lazy",
    on: { error: () => picture.closest("a").replaceWith(card) },
  });
  return h("a", { href: url, target: "_blank", rel: "noopener" }, picture);
}

export function files(list) {
  return listOf(list).length ? h("div", { class: "files" }, list.map(fileNode)) : null;
}
