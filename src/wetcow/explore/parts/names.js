// Names for what a page draws without any: handles of sliders, arrows and fields of numbers. Each
// takes the text that stands nearest to it, for those who have the page read to them.

const NAMELESS = ".noUi-handle, .bk-spin-btn, input, button, textarea, select";
const EVERY = 500; // ms: tabs are filled, and widgets drawn anew, at any time

function* all(root) {
  yield* root.querySelectorAll(NAMELESS);
  for (const one of root.querySelectorAll("*")) if (one.shadowRoot) yield* all(one.shadowRoot);
}

function text(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (["STYLE", "SCRIPT", "BUTTON"].includes(node.tagName)) return "";
  if (node.classList?.contains("noUi-base")) return ""; // the number of a slider
  return Array.from((node.shadowRoot ?? node).childNodes, text).join(" ");
}

function nearby(element) {
  const start = element.closest(".noUi-base")?.parentNode ?? element;
  for (let at = start; at; at = at.parentNode ?? at.host) {
    const found = text(at).replace(/\s+/g, " ").trim().replace(/:.*$/, "");
    if (found) return found;
  }
  return "";
}

function name(element) {
  const said = element.tagName === "BUTTON" ? [element] : Array.from(element.labels ?? []);
  if (element.ariaLabel || said.some((one) => one.textContent.trim())) return;
  const what = { "bk-spin-btn-up": ", more", "bk-spin-btn-down": ", less" };
  const way = Array.from(element.classList, (one) => what[one] ?? "").join("");
  element.ariaLabel = nearby(element) + (way || (element.title && `, ${element.title}`) || "");
}

export function render() {
  const timer = setInterval(() => Array.from(all(document)).forEach(name), EVERY);
  addEventListener("beforeunload", () => clearInterval(timer));
  return document.createElement("span");
}
