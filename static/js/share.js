// Shares an address by the telephone's own means, or copies it. Without this the link leads to a
// message that holds the address. `data-share` is the address; it never holds an access code.

const SAID_MILLISECONDS = 6000;

function say(text) {
  const words = document.createElement("span");
  words.textContent = text;
  const places = document.querySelectorAll("[data-toast]");
  places[places.length - 1]?.replaceChildren(words);
  setTimeout(() => words.remove(), SAID_MILLISECONDS);
}

async function hand(shared) {
  try {
    await navigator.share(shared);
  } catch (error) {
    if (error.name !== "AbortError") {
      throw error; // all but a reader who thought better of it
    }
  }
}

async function copy(url) {
  await navigator.clipboard.writeText(url);
  say(document.querySelector("[data-toast]")?.dataset.copied || "");
}

async function share(link) {
  const url = new URL(link.dataset.share || window.location.pathname, window.location.href).href;
  const shared = { title: link.dataset.shareTitle || document.title, url };
  try {
    await (navigator.share ? hand(shared) : copy(url));
  } catch {
    await copy(url).catch(() => window.location.assign(link.href));
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-share]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (link && isPlain) {
    event.preventDefault();
    share(link);
  }
});
