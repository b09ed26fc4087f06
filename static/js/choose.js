// Choosing photos: says how many are ticked, and lets a tap on a tile tick it once one is.
// The boxes and the form work without it.

const grid = document.querySelector("[data-grid]");
const panel = document.querySelector("[data-choose]");

function boxes() {
  return [...grid.querySelectorAll("input[name=photos]")];
}

function show() {
  const count = boxes().filter((box) => box.checked).length;
  const text = count ? panel.dataset.chosen.replace("{count}", count) : "";
  panel.querySelector("[data-choose-count]").textContent = text;
  panel.querySelector("[data-choose-submit]").disabled = count === 0;
  return count;
}

function tick(event) {
  const link = event.target.closest("[data-lightbox]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !isPlain || !panel.open || show() === 0) {
    return;
  }
  event.preventDefault();
  event.stopPropagation(); // the lightbox stays closed
  const box = link.parentElement.querySelector("input[name=photos]");
  box.checked = !box.checked;
  show();
}

if (grid && panel) {
  grid.addEventListener("change", show);
  grid.addEventListener("click", tick, { capture: true });
  // The boxes are cleared only after the event.
  panel.querySelector("form").addEventListener("reset", () => setTimeout(show));
  // A browser that goes back, or reloads, keeps the boxes as they were.
  window.addEventListener("pageshow", show);
  show();
}
