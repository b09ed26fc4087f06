// Brings the next page of the gallery before its reader has reached the end of this one, and brings
// a reader who comes back, reloads or turns the phone to the place that was left. The link stays,
// and leads on where a page could not be fetched. Tells the grid `grid:grown`.

// Some six screens of a phone: a reader who arrives before the page does sees the end move.
const AHEAD_PIXELS = 5000;
const BESIDE_PIXELS = 12; // more than the gap between two tiles
const RETRY_MILLISECONDS = 5000;
const REST_MILLISECONDS = 150; // without scrolling: its reader looks at something
const SHAPE = /^rn?\d+$/;
const REFUSALS = [400, 401, 403, 404, 410];

const grid = document.querySelector("[data-grid]");
const more = document.querySelector("[data-more]");
const status = document.querySelector("[data-status]");
const homes = new Map(); // photo → the address of the page that it stands on
const absent = new Set(); // photos whose boxes were put back, and are not fetched yet
const pushed = new Set(); // of these, the ones that were not on the page where they had been
const fetching = new Set();

// --- the next page ---------------------------------------------------------------------------

async function fetchPage(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  // Refused, or led to the code form: the admission has ended. An answer left unread would
  // keep its connection.
  if (!response.ok || response.redirected) {
    await response.body?.cancel();
    const isRefused = response.redirected || REFUSALS.includes(response.status);
    throw new Error(`${response.status} ${response.url}`, { cause: isRefused && "refused" });
  }
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function tilesOf(root) {
  return [...root.querySelectorAll("[data-grid] > [data-photo-id]")];
}

function note(tiles, address) {
  for (const tile of tiles) {
    homes.set(tile.dataset.photoId, address);
  }
}

function append(page) {
  // A photo that moved while its reader scrolled may come twice.
  const fresh = tilesOf(page).filter((tile) => !document.getElementById(tile.id));
  note(fresh, more.href);
  grid.append(...fresh.map((tile) => document.adoptNode(tile)));
  if (fresh.length) {
    status.textContent = more.dataset.loaded.replace("{count}", fresh.length);
  }
  grid.dispatchEvent(new CustomEvent("grid:grown"));
}

async function loadNext(observer) {
  observer.unobserve(more);
  try {
    const page = await fetchPage(more.href);
    const next = page.querySelector("[data-more]");
    append(page);
    if (next) {
      more.href = next.href;
      observer.observe(more);
    } else {
      more.parentElement.hidden = true;
    }
  } catch (error) {
    // Without admission the link says more than we could. A network that is lost comes back.
    if (error.cause !== "refused") {
      setTimeout(() => observer.observe(more), RETRY_MILLISECONDS);
    }
  }
}

// --- coming back -------------------------------------------------------------------------------
// A browser finds the place again only in what the page's own answer held. So on leaving, the order
// and the shapes of all the photos are kept, and on return their boxes are put back; the pages that
// are seen are fetched anew. The numbers: 5,000 photos are some 220 kB of the tab's 5 MB.

function storageKey() {
  return `gallery:${grid.dataset.here}`;
}

function placeOfReader() {
  const tile = [...grid.children].find((each) => each.getBoundingClientRect().bottom > 0);
  return [tile?.id, tile?.getBoundingClientRect().top, window.scrollY];
}

function skeleton() {
  const pages = new Map();
  for (const tile of grid.children) {
    const { photoId } = tile.dataset;
    const address = homes.get(photoId);
    const shape = [...tile.classList].find((name) => SHAPE.test(name));
    pages.set(address, [...(pages.get(address) ?? []), `${photoId} ${shape}`]);
  }
  return [...pages];
}

function leave() {
  const record = {
    pages: skeleton(),
    next: more.href,
    isWhole: more.parentElement.hidden,
    place: placeOfReader(),
  };
  try {
    if (record.pages.length > 1) {
      sessionStorage.setItem(storageKey(), JSON.stringify(record));
    } else {
      sessionStorage.removeItem(storageKey());
    }
  } catch {
    // The tab's storage is full or forbidden: the reader begins at the first page again.
  }
}

// A telephone ends a page in the background without a word.
function onVisibility() {
  if (document.visibilityState === "hidden") {
    leave();
  }
}

function remembered() {
  const type = performance.getEntriesByType("navigation")[0]?.type;
  try {
    const isReturn = type === "back_forward" || type === "reload";
    return isReturn ? JSON.parse(sessionStorage.getItem(storageKey())) : null;
  } catch {
    return null;
  }
}

function box(photo, shape) {
  const tile = document.createElement("li");
  tile.className = `grid__item ${shape}`;
  tile.id = `photo-${photo}`;
  tile.dataset.photoId = photo;
  Object.assign(tile.dataset, { away: "", far: "" });
  return tile;
}

function putBack({ pages, next, isWhole, place }) {
  const boxes = document.createDocumentFragment();
  for (const [address, photos] of pages) {
    for (const [photo, shape] of photos.map((words) => words.split(" "))) {
      if (!document.getElementById(`photo-${photo}`) && SHAPE.test(shape)) {
        // What has left the first page meanwhile stands at the beginning of the second.
        homes.set(photo, address === pages[0][0] ? more.href : address);
        absent.add(photo);
        boxes.append(box(photo, shape));
      }
    }
  }
  grid.append(boxes);
  more.href = next;
  more.parentElement.hidden = isWhole;
  returnTo(place);
}

function returnTo([name, top, y]) {
  const go = () => {
    const tile = document.getElementById(name);
    const goal = tile ? window.scrollY + tile.getBoundingClientRect().top - top : y;
    window.scrollTo({ top: goal, behavior: "instant" });
  };
  history.scrollRestoration = "manual";
  go();
  window.addEventListener("load", () => {
    // An address with a fragment has led the browser there meanwhile.
    if (window.location.hash) {
      go();
    }
    setTimeout(() => {
      history.scrollRestoration = "auto";
    });
  });
}

function fillBox(tile, fetched) {
  const isTicked = tile.querySelector("[name=photos]") !== null; // js/choose.js
  for (const { name, value } of fetched.attributes) {
    tile.setAttribute(name, value);
  }
  delete tile.dataset.away;
  delete tile.dataset.far;
  tile.replaceChildren(...fetched.childNodes);
  const choice = tile.querySelector("[name=photos]");
  if (choice) {
    choice.checked = isTicked;
  }
}

function settle(address, page) {
  let before = null;
  for (const fetched of tilesOf(page)) {
    const tile = document.getElementById(fetched.id);
    if (tile && absent.delete(fetched.dataset.photoId)) {
      fillBox(tile, fetched);
    } else if (!tile && before) {
      before.after(document.adoptNode(fetched)); // it came while its reader was away
      note([fetched], address);
    }
    before = document.getElementById(fetched.id) ?? before;
  }
  const next = page.querySelector("[data-more]")?.href;
  if (next && address === more.href && more.parentElement.hidden) {
    more.href = next; // what was the last page has one after it now
    more.parentElement.hidden = false;
  }
  const left = [...absent].filter((photo) => homes.get(photo) === address);
  for (const photo of left) {
    if (next && !pushed.has(photo)) {
      pushed.add(photo); // a photo that came before it has pushed it to the next page
      homes.set(photo, next);
    } else {
      absent.delete(photo);
      homes.delete(photo);
      document.getElementById(`photo-${photo}`).remove();
    }
  }
  grid.dispatchEvent(new CustomEvent("grid:grown"));
}

async function bringBack(address) {
  fetching.add(address);
  try {
    settle(address, await fetchPage(address));
  } catch (error) {
    if (error.cause === "refused") {
      sessionStorage.removeItem(storageKey());
      window.removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", onVisibility);
      window.location.reload(); // and the gallery's first page, or its door, says what there is
    }
  } finally {
    fetching.delete(address);
  }
}

function onAbsent(event) {
  const address = homes.get(event.target.dataset.photoId);
  if (address && !fetching.has(address)) {
    bringBack(address);
  }
}

// --- turning the phone -------------------------------------------------------------------------
// On a screen of another width the rows break elsewhere, and thousands of photos above shift the
// one that was looked at by many screens: it is brought back to the middle.

let resting = null;
let middle = null;
let width = window.innerWidth;

function tileAt(x, y) {
  return document.elementFromPoint(x, y)?.closest("[data-grid] > [data-photo-id]") ?? null;
}

function noteMiddle() {
  const [x, y] = [window.innerWidth / 2, window.innerHeight / 2];
  // Two photos of one shape side by side have the gap between them just there.
  middle = tileAt(x, y) ?? tileAt(x + BESIDE_PIXELS, y + BESIDE_PIXELS);
}

function onScroll() {
  clearTimeout(resting);
  resting = setTimeout(noteMiddle, REST_MILLISECONDS);
}

// The bars of a telephone's browser change its height alone, while one scrolls.
function onResize() {
  if (window.innerWidth !== width) {
    width = window.innerWidth;
    middle?.scrollIntoView({ block: "center", behavior: "instant" });
  }
}

// -----------------------------------------------------------------------------------------------

if (grid) {
  window.addEventListener("scroll", onScroll, { passive: true });
  window.addEventListener("resize", onResize);
}

if (grid && more) {
  note(grid.children, new URL(grid.dataset.here, window.location.href).href);
  const record = remembered();
  if (record) {
    putBack(record);
  }
  grid.addEventListener("tile:absent", onAbsent);
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", onVisibility);
  const observer = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        loadNext(observer);
      }
    },
    { rootMargin: `${AHEAD_PIXELS}px 0px` },
  );
  observer.observe(more);
}
