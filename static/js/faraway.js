// Empties the tiles that are far from the screen, so that a gallery of thousands stays light, and
// fills them before they come near, with the blurred picture that is seen until the photo comes. A
// tile keeps its room and its place in the order. Whoever needs one that may be empty sends it
// `tile:needed`; one that was never filled sends `tile:absent`.

const SCREENS = 3; // above and below the one that is seen
const STEP_SCREENS = 0.5; // after how much scrolling it is looked at again
const BOX_SCREENS = 9; // within so many an empty tile has the box that is going to be filled
const BOX_STEP_SCREENS = 5;

const grid = document.querySelector("[data-grid]");
const contents = new WeakMap(); // the markup of each tile that is empty
const full = new Set(); // the tiles that are not
const boxed = new Set(); // the tiles that have their box
let tiles = []; // all; the browser would count them again after each change
let placeSeen = null;
let placeBoxed = null;
let isAsked = false;

// What stands for the tick of a tile that is empty, in the form and for the count.
function standIn(box) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: box.name, value: box.value });
  field.setAttribute("form", box.getAttribute("form"));
  return field;
}

function empty(tile) {
  const box = tile.querySelector(":checked");
  // Not the tile's own children: the browser would lay all the rows out anew.
  const { firstElementChild: inner } = tile;
  // For each submit button that comes or goes, the browser looks through the whole page for the one
  // that Enter would press. The heart needs its form only where js/like.js does not run.
  if ("likes" in grid.dataset) {
    inner.querySelector("[data-like]")?.removeAttribute("form");
  }
  contents.set(tile, inner.innerHTML);
  inner.replaceChildren(...(box ? [standIn(box)] : []));
  tile.dataset.away = "";
  full.delete(tile);
}

function fill(tile) {
  if (!("away" in tile.dataset)) {
    return;
  }
  if (!contents.has(tile)) {
    tile.dispatchEvent(new CustomEvent("tile:absent", { bubbles: true }));
    return;
  }
  const fields = tile.querySelectorAll("[type=hidden][name=photos]");
  tile.firstElementChild.innerHTML = contents.get(tile);
  contents.delete(tile);
  delete tile.dataset.away;
  delete tile.dataset.far;
  full.add(tile);
  boxed.add(tile);
  for (const field of fields) {
    tile.querySelector("[name=photos]").checked = true;
    field.remove();
  }
}

function blur(tile) {
  const link = tile.querySelector("[data-placeholder]");
  if (link) {
    const picture = document.createElement("img");
    Object.assign(picture, { className: "grid__placeholder", src: link.dataset.placeholder, alt: "" });
    link.prepend(picture);
    delete link.dataset.placeholder;
  }
}

// The place of the first tile that ends below this line of the screen; the rows go downwards.
function firstBelow(line) {
  let [from, to] = [0, tiles.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (tiles[middle].getBoundingClientRect().bottom > line) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return from;
}

function within(screens) {
  const reach = screens * window.innerHeight;
  const [first, last] = [firstBelow(-reach), firstBelow(window.innerHeight + reach)];
  return new Set(tiles.slice(first, last));
}

// Takes the boxes of far tiles out of the layout. The browser lays all rows out anew then, so it is
// done seldom.
function boxNear() {
  placeBoxed = window.scrollY;
  const near = within(BOX_SCREENS);
  for (const tile of boxed) {
    if (!near.has(tile) && !full.has(tile)) {
      tile.dataset.far = "";
      boxed.delete(tile);
    }
  }
  for (const tile of near) {
    delete tile.dataset.far;
    boxed.add(tile);
  }
}

function update() {
  isAsked = false;
  placeSeen = window.scrollY;
  const near = within(SCREENS);
  for (const tile of full) {
    if (!near.has(tile) && !tile.contains(document.activeElement)) {
      empty(tile);
    }
  }
  if (isFurther(placeBoxed, BOX_STEP_SCREENS)) {
    boxNear();
  }
  for (const tile of near) {
    fill(tile);
    blur(tile);
  }
}

function ask() {
  if (!isAsked) {
    isAsked = true;
    requestAnimationFrame(update);
  }
}

function isFurther(place, screens) {
  return place === null || Math.abs(window.scrollY - place) > screens * window.innerHeight;
}

function onScroll() {
  if (isFurther(placeSeen, STEP_SCREENS)) {
    ask();
  }
}

// Where one was in other rows says nothing of where one is now.
function onResize() {
  placeBoxed = null;
  ask();
}

function onGrown() {
  tiles = [...grid.children];
  for (const tile of tiles) {
    if (!("away" in tile.dataset) && !full.has(tile)) {
      full.add(tile);
      boxed.add(tile);
    }
  }
  ask();
}

if (grid) {
  grid.addEventListener("tile:needed", (event) => fill(event.target.closest("[data-photo-id]")));
  grid.addEventListener("grid:grown", onGrown);
  window.addEventListener("scroll", onScroll, { passive: true });
  window.addEventListener("resize", onResize);
  window.addEventListener("online", ask);
  onGrown();
}
