// Brings the next page of the gallery before its reader has reached the end of this one.
// The link stays, and leads on where a page could not be fetched. Tells the grid `grid:grown`.

// Some six screens of a phone: a reader who arrives before the page does sees the end move.
const AHEAD_PIXELS = 5000;

const grid = document.querySelector("[data-grid]");
const more = document.querySelector("[data-more]");
const status = document.querySelector("[data-status]");

async function fetchPage(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  // Refused, or led to the code form: the admission has ended. An answer left unread would
  // keep its connection.
  if (!response.ok || response.redirected) {
    await response.body?.cancel();
    throw new Error(`${response.status} ${response.url}`);
  }
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function append(page) {
  const tiles = [...page.querySelectorAll("[data-grid] > [data-photo-id]")];
  // A photo that moved while its reader scrolled may come twice.
  const fresh = tiles.filter((tile) => !document.getElementById(tile.id));
  grid.append(...fresh.map((tile) => document.adoptNode(tile)));
  status.textContent = more.dataset.loaded.replace("{count}", fresh.length);
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
  } catch {
    // Without a network, or without admission, the link says more than we could.
  }
}

if (grid && more) {
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
