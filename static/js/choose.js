// Choosing photos: a tap on a tile ticks it, and the dock says how many are ticked, after a reload
// too. Tells the dock `choice:changed`. The boxes, the sheet and its form work without it.

const grid = document.querySelector("[data-grid]");
const dock = document.querySelector("[data-choose]");

if (grid && dock) {
  start(dock.querySelector("[data-choose-bar]"), dock.querySelector("[data-choose-panel]"));
}

// Boxes, and the hidden fields in tiles that are empty because they are far away.
function chosen() {
  return [...document.querySelectorAll("[name=photos]:checked, [name=photos][type=hidden]")];
}

function show() {
  const ids = [...new Set(chosen().map((field) => field.value))];
  // The first number in a language costs a phone a tenth of a second: not before one is shown.
  const count = ids.length && ids.length.toLocaleString(document.documentElement.lang);
  for (const place of dock.querySelectorAll("[data-choose-count]")) {
    place.textContent = dock.dataset.chosen.replace("{count}", count);
  }
  for (const some of dock.querySelectorAll("[data-choose-some]")) some.hidden = !ids.length;
  for (const none of dock.querySelectorAll("[data-choose-none]")) none.hidden = !!ids.length;
  dock.querySelector("[data-choose-submit]").disabled = !ids.length;
  dock.querySelector("[data-choose-clear]").disabled = !ids.length;
  dock.dispatchEvent(new CustomEvent("choice:changed", { detail: { ids } }));
  return ids.length;
}

function tick(tile) {
  const field = tile.querySelector("[name=photos]");
  if (!field) tile.append(fieldFor(tile.dataset.photoId));
  else if (field.type !== "hidden") field.checked = true;
}

function chooseAll() {
  for (const tile of grid.querySelectorAll("[data-photo-id]")) tick(tile);
  show();
}

function fieldFor(id) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "photos", value: id });
  field.setAttribute("form", "act");
  return field;
}

function clear() {
  for (const field of chosen()) {
    if (field.type === "hidden") field.remove();
    else field.checked = false;
  }
  show();
}

// A browser that reloads a page ticks its boxes again by their place among all boxes, which are
// fewer when some tiles are empty: others would be ticked than were.
function storageKey() {
  return `chosen:${grid.dataset.here}`;
}

function keepChoice() {
  const ids = chosen().map((field) => field.value);
  try {
    if (ids.length) sessionStorage.setItem(storageKey(), JSON.stringify(ids));
    else sessionStorage.removeItem(storageKey());
  } catch {
    // The tab's storage is full or forbidden: nothing is chosen after a reload.
  }
}

function bringChoiceBack() {
  const { type } = performance.getEntriesByType("navigation")[0] ?? {};
  if (type !== "reload" && type !== "back_forward") return;
  let ids = [];
  try {
    ids = JSON.parse(sessionStorage.getItem(storageKey())) ?? [];
  } catch {
    // As above.
  }
  clear();
  for (const id of ids) {
    const tile = document.getElementById(`photo-${id}`);
    if (tile) tick(tile);
  }
}

function start(bar, panel) {
  const startButton = dock.querySelector("[data-choose-start]");

  function choose(on) {
    bar.hidden = !on;
    startButton.hidden = on;
    dock.toggleAttribute("data-choosing", on);
  }

  function onTap(event) {
    const link = event.target.closest("[data-lightbox]");
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !isPlain || !(panel.open || !bar.hidden)) return;
    event.preventDefault();
    event.stopPropagation(); // the lightbox stays closed
    if (bar.hidden) {
      panel.open = false; // a tap beside the sheet
      return;
    }
    const box = link.closest("[data-photo-id]").querySelector("[name=photos]");
    box.checked = !box.checked;
    show();
  }

  function onEscape(event) {
    if (event.key !== "Escape" || !event.target.closest("[data-grid], [data-choose]")) return;
    if (panel.open) {
      panel.open = false;
      panel.querySelector("summary").focus();
    } else if (!bar.hidden) {
      choose(false);
      startButton.focus();
    }
  }

  bringChoiceBack();
  choose(show() > 0);
  dock.querySelector("[data-choose-reset]").hidden = true;
  startButton.addEventListener("click", () => {
    panel.open = false;
    choose(true);
    bar.focus({ preventScroll: true });
  });
  dock.querySelector("[data-choose-stop]").addEventListener("click", () => {
    choose(false);
    startButton.focus();
  });
  dock.querySelector("[data-choose-all]").addEventListener("click", chooseAll);
  dock.querySelector("[data-choose-clear]").addEventListener("click", clear);
  grid.addEventListener("change", () => show() && choose(true));
  grid.addEventListener("click", onTap, { capture: true });
  document.addEventListener("keydown", onEscape);
  grid.addEventListener("grid:grown", show); // what is chosen may say its size only now
  addEventListener("pagehide", keepChoice);
  // A telephone ends a page in the background without a word.
  document.addEventListener("visibilitychange", () => document.hidden && keepChoice());
  // A page that was kept whole comes back with its boxes as they were.
  addEventListener("pageshow", () => show() && choose(true));
}
