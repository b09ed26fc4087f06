// Opens a tapped photo over the gallery: swipe, zoom, keys. The address is that of the photo's own
// page all the while, so that it can be shared, reloaded and left by the back button; without a
// script, or where one cannot be fetched, the tap leads to that page.

// What stands above and below a photo; a telephone on its side has it beside the photo.
const AROUND = { top: 60, bottom: 112, left: 0, right: 0 };
const NOTHING_AROUND = { top: 0, bottom: 0, left: 0, right: 0 };
const LOW_PIXELS = 480;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

const grid = document.querySelector("[data-grid]");
const template = document.querySelector("[data-lightbox-frame]");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
// Live: it grows with the grid, however long that is, and nothing is read before it is shown.
const tiles = grid?.getElementsByClassName("grid__item");
let loading = null;
let lightbox = null;

// --- loading -----------------------------------------------------------------------------------

function load() {
  const { photoswipe, styles } = template.dataset;
  loading ??= Promise.all([import(photoswipe), ...styles.split(" ").map(loadStyle)]).then(
    ([module]) => module.default,
  );
  loading.catch(() => {
    loading = null;
  });
  return loading;
}

function loadStyle(address) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = address;
    link.onload = resolve;
    link.onerror = reject;
    document.head.append(link);
  });
}

// --- the tiles, which are the truth ------------------------------------------------------------

// A tile far off the screen may be empty, and is filled for who asks.
function within(tile, selector) {
  if (!tile.querySelector("[data-lightbox]")) {
    tile.dispatchEvent(new CustomEvent("tile:needed", { bubbles: true }));
  }
  return tile.querySelector(selector);
}

function slide(index) {
  const tile = tiles[index];
  const link = within(tile, "[data-lightbox]");
  const photo = within(tile, ".grid__photo");
  if (!link) {
    refreshWhenFilled(tile, index);
    return { tile, html: "" };
  }
  const { full, width, height } = link.dataset;
  return {
    tile,
    address: link.href,
    src: full,
    srcset: `${photo.srcset}, ${full} ${width}w`,
    width: Number(width),
    height: Number(height),
    alt: photo.alt,
    isCaptioned: "captioned" in link.dataset,
    msrc: photo.currentSrc || photo.src,
  };
}

function refreshWhenFilled(tile, index) {
  const observer = new MutationObserver(() => {
    observer.disconnect();
    lightbox?.refreshSlideContent(index);
  });
  observer.observe(tile, { childList: true });
}

// --- what stands around the photo --------------------------------------------------------------

// The same form as the server's `filesizeformat`, so that all pages say one number.
function sizeText(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const digits = power ? 1 : 0;
  const format = new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit",
    unit: UNITS[power],
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  });
  return format.format(bytes / 1024 ** power).replace("kB", "KB");
}

function showLike(frame, { tile }) {
  const [from, to] = [within(tile, "[data-like]"), frame.querySelector("[data-like-proxy]")];
  to.hidden = !from;
  if (from) {
    to.setAttribute("aria-pressed", from.getAttribute("aria-pressed"));
    to.dataset.likeCount = from.dataset.likeCount;
    to.querySelector("[data-count]").textContent = from.dataset.likeCount;
  }
}

function showComments(frame, { tile, address }) {
  const link = frame.querySelector("[data-comments-open]");
  const drawn = within(tile, ".grid__comments")?.textContent.match(/\d+/)?.[0];
  const count = tile.dataset.commentCount ?? drawn ?? "0"; // the first one is newer
  link.href = `${address}#comments`;
  link.dataset.commentCount = count;
  link.querySelector("[data-count]").textContent = count;
}

function showShare(frame, { address, alt }) {
  const link = frame.querySelector("[data-share]");
  const url = new URL(address);
  link.dataset.share = `${url.origin}${url.pathname}`;
  link.dataset.shareTitle = alt;
  const words = encodeURIComponent(`${alt} ${link.dataset.share}`);
  link.href = `https://wa.me/?text=${words}`;
}

function showSizes(frame, { tile, address }) {
  // Original and web size, or the web size alone.
  const weights = (tile.dataset.bytes ?? "").split(" ").map(Number).reverse();
  const links = [...frame.querySelectorAll("[data-save]")].reverse();
  for (const [index, link] of links.entries()) {
    link.href = new URL(`download/${link.dataset.query}`, address.split("?")[0]).href;
    link.dataset.bytes = weights[index] ?? 0;
    link.dataset.filename = `${tile.dataset.photoId}.jpg`; // where the answer names none
    link.querySelector("[data-size-text]").textContent = weights[index] ? sizeText(weights[index]) : "";
  }
  closeSizes(frame);
}

function closeSizes(frame) {
  const sizes = frame.querySelector("[data-sizes][open]");
  if (sizes?.contains(document.activeElement)) {
    sizes.querySelector("summary").focus();
  }
  sizes?.removeAttribute("open");
  return Boolean(sizes);
}

function showPhoto(pswp, frame) {
  const { data } = pswp.currSlide;
  frame.querySelector("[data-turn=prev]").disabled = pswp.currIndex === 0;
  frame.querySelector("[data-turn=next]").disabled = pswp.currIndex === tiles.length - 1;
  if (data.address) {
    const caption = frame.querySelector("[data-caption]");
    caption.textContent = data.alt;
    caption.classList.toggle("visually-hidden", !data.isCaptioned); // a file's name is said alone
    showLike(frame, data);
    showComments(frame, data);
    showShare(frame, data);
    showSizes(frame, data);
  }
}

function act(pswp, frame, event) {
  const { turn, zoom, close } = event.target.closest("button")?.dataset ?? {};
  if (turn) {
    pswp[turn]();
  } else if (zoom !== undefined) {
    pswp.toggleZoom();
  } else if (close !== undefined) {
    pswp.close();
  } else if (event.target.closest("[data-like-proxy]")) {
    within(pswp.currSlide.data.tile, "[data-like]").click();
  }
  if (!event.target.closest("[data-sizes]")) {
    closeSizes(frame);
  }
}

function addFrame(pswp) {
  pswp.element.append(template.content.cloneNode(true));
  const frame = pswp.element.querySelector("[data-frame]");
  const sheet = frame.querySelector("[data-comments-sheet]");
  pswp.on("change", () => showPhoto(pswp, frame));
  frame.addEventListener("click", (event) => act(pswp, frame, event));
  pswp.element.addEventListener("pointerdown", (event) => {
    if (!event.target.closest("[data-sizes]")) {
      closeSizes(frame);
    }
  });
  // Under an open sheet the photo neither turns nor zooms, and the sheet keeps its wheel.
  sheet.addEventListener("wheel", (event) => event.stopPropagation());
  pswp.on("keydown", (event) => {
    if (sheet.open || (event.originalEvent.key === "Escape" && closeSizes(frame))) {
      event.preventDefault();
    }
  });
  listen(pswp, frame);
}

function listen(pswp, frame) {
  const onLiked = ({ detail }) => {
    if (detail.photo === pswp.currSlide?.data.tile.dataset.photoId) {
      showLike(frame, pswp.currSlide.data);
      if (detail.liked && !calm.matches) {
        const heart = frame.querySelector("[data-like-proxy] .icon");
        heart.animate({ scale: [1, 1.3, 1] }, { duration: 320, easing: "ease-out" });
      }
    }
  };
  const onCommented = ({ detail }) => {
    const { data } = pswp.currSlide;
    if (detail.photo === data.tile.dataset.photoId) {
      data.tile.dataset.commentCount = detail.count;
      showComments(frame, data);
    }
  };
  let count = tiles.length;
  const onGrown = () => {
    if (pswp.currIndex + 1 === count) {
      pswp.refreshSlideContent(count); // the last one has a neighbour now
    }
    count = tiles.length;
  };
  document.addEventListener("photo:liked", onLiked);
  document.addEventListener("comments:changed", onCommented);
  grid.addEventListener("grid:grown", onGrown);
  pswp.on("destroy", () => {
    document.removeEventListener("photo:liked", onLiked);
    document.removeEventListener("comments:changed", onCommented);
    grid.removeEventListener("grid:grown", onGrown);
  });
}

// --- opening, and the address ------------------------------------------------------------------

function followAddress(pswp) {
  pswp.on("change", () => {
    const { tile, address } = pswp.currSlide.data;
    if (address && history.state?.photo) {
      history.replaceState({ photo: tile.id }, "", address);
    }
    // The grid goes along underneath, which also brings its next page in time.
    tile.scrollIntoView({ block: "nearest" });
  });
  // A reader who went back while it was opening.
  pswp.on("openingAnimationEnd", () => {
    if (!history.state?.photo) {
      pswp.close();
    }
  });
  pswp.on("close", () => {
    // The phone may have been turned meanwhile, and the rows with it.
    pswp.currSlide.data.tile.scrollIntoView({ block: "nearest" });
    if (history.state?.photo) {
      history.back();
    }
  });
  pswp.on("destroy", () => {
    const { tile } = pswp.currSlide.data;
    within(tile, "[data-lightbox]")?.focus({ preventScroll: true });
    lightbox = null;
  });
}

function open(PhotoSwipe, tile) {
  lightbox = new PhotoSwipe({
    dataSource: [],
    index: Array.prototype.indexOf.call(tiles, tile),
    mainClass: "lightbox on-dark",
    loop: false,
    close: false,
    zoom: false,
    counter: false,
    arrowPrev: false,
    arrowNext: false,
    returnFocus: false,
    bgOpacity: 1,
    preload: [1, 2],
    paddingFn: ({ y }) => (y > LOW_PIXELS ? AROUND : NOTHING_AROUND),
    showHideAnimationType: calm.matches ? "none" : "zoom",
    errorMsg: template.dataset.failed,
  });
  lightbox.addFilter("numItems", () => tiles.length);
  lightbox.addFilter("itemData", (data, index) => slide(index));
  lightbox.addFilter("thumbEl", (thumbnail, data) => within(data.tile, ".grid__photo"));
  lightbox.on("uiRegister", () => addFrame(lightbox));
  followAddress(lightbox);
  lightbox.init();
  lightbox.element.setAttribute("aria-label", template.dataset.name);
  lightbox.element.setAttribute("aria-modal", "true");
  // Its own words, "carousel" and "slide", are English in every language.
  for (const part of lightbox.element.querySelectorAll("[aria-roledescription]")) {
    part.removeAttribute("aria-roledescription");
  }
}

async function show(tile) {
  const address = within(tile, "[data-lightbox]")?.href;
  try {
    const PhotoSwipe = await load();
    if (!lightbox) {
      if (history.state?.photo !== tile.id) {
        // Back in the grid the reader stands at the last photo seen, not at the first one tapped.
        history.scrollRestoration = "manual";
        history.pushState({ photo: tile.id }, "", address);
      }
      open(PhotoSwipe, tile);
    }
  } catch {
    window.location.assign(address);
  }
}

function onClick(event) {
  const link = event.target.closest("[data-lightbox]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (link && isPlain && event.button === 0) {
    event.preventDefault();
    show(link.closest(".grid__item"));
  }
}

function onPopState(event) {
  const name = event.state?.photo;
  if (!name) {
    history.scrollRestoration = "auto";
    lightbox?.close();
  } else if (!lightbox) {
    const tile = document.getElementById(name);
    if (tile) {
      show(tile);
    } else {
      window.location.reload(); // its own page: the grid that held it is gone
    }
  }
}

if (grid && template) {
  grid.addEventListener("click", onClick);
  // By the time a finger has left the screen the modules are there.
  grid.addEventListener("pointerdown", () => load().catch(() => {}), { once: true });
  window.addEventListener("popstate", onPopState);
}
