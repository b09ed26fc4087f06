// Lets the gallery open again without a network: registers the worker, has it keep the page that is
// open now, and says of a kept page when it was kept. Without it nothing is kept.

const note = document.querySelector("[data-worker]");
const SMALL = /\/w[48]00\.webp(\?|$)/;

// What the screen shows now; of a cover, which is shown larger, the size that is kept.
function picturesShown() {
  const shown = [...document.images].filter((image) => image.complete && image.naturalWidth);
  return shown
    .map((image) => [image.currentSrc, ...image.srcset.split(/,?\s+/)].find((a) => SMALL.test(a)))
    .filter(Boolean);
}

async function register() {
  const isFirst = !navigator.serviceWorker.controller;
  const { worker, scope } = note.dataset;
  await navigator.serviceWorker.register(worker, { scope });
  if (isFirst) {
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage({ address: location.href, pictures: picturesShown() });
  }
}

function afterTheRest() {
  // Storage may be forbidden, or the phone full: the gallery works without.
  const start = () => register().catch(() => {});
  (window.requestIdleCallback ?? setTimeout)(start);
}

function sayWhen(kept) {
  const time = note.querySelector("time");
  const form = { dateStyle: "full", timeStyle: "short" };
  time.dateTime = kept;
  time.textContent = new Date(kept).toLocaleString(note.dataset.locale, form);
  window.addEventListener("online", () => {
    note.querySelector("[data-back]").hidden = false;
  });
}

if (note && document.documentElement.dataset.kept) {
  sayWhen(document.documentElement.dataset.kept);
}
if (note && navigator.serviceWorker) {
  if (document.readyState === "complete") {
    afterTheRest();
  } else {
    window.addEventListener("load", afterTheRest);
  }
}
