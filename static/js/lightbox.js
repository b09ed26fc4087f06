// Opens a tapped photo over the gallery: swipe, zoom, keys. The address is that of the photo's own
// page all the while, so that it can be shared, reloaded and left by the back button; without a
// script, or where one cannot be fetched, the tap leads to that page.

const DOWNLOAD_ICON = '<path d="M15 6h2v12l4-4 1.4 1.4L16 22l-6.4-6.6L11 14l4 4ZM8 24h16v2H8Z"/>';

const grid = document.querySelector("[data-grid]");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
let loading = null;
let lightbox = null;

function load() {
  loading ??= Promise.all([import(grid.dataset.photoswipe), loadStyle()]).then(
    ([module]) => module.default,
  );
  loading.catch(() => {
    loading = null;
  });
  return loading;
}

function loadStyle() {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = grid.dataset.photoswipeStyle;
    link.onload = resolve;
    link.onerror = reject;
    document.head.append(link);
  });
}

function links() {
  return [...grid.querySelectorAll("[data-lightbox]")];
}

function slide(link) {
  const photo = link.querySelector(".grid__photo");
  const { full, width, height } = link.dataset;
  return {
    element: link,
    src: full,
    srcset: `${photo.srcset}, ${full} ${width}w`,
    width: Number(width),
    height: Number(height),
    alt: photo.alt,
    msrc: photo.currentSrc || photo.src,
  };
}

function addCaption(pswp) {
  pswp.ui.registerElement({
    name: "caption",
    className: "lightbox__caption",
    appendTo: "root",
    onInit: (element) => {
      pswp.on("change", () => {
        element.textContent = pswp.currSlide.data.alt;
      });
    },
  });
}

function addDownload(pswp) {
  pswp.ui.registerElement({
    name: "download",
    order: 8,
    isButton: true,
    tagName: "a",
    title: grid.dataset.download,
    html: { isCustomSVG: true, inner: DOWNLOAD_ICON },
    onInit: (element) => {
      pswp.on("change", () => {
        element.href = `${pswp.currSlide.data.element.href}download/`;
      });
    },
  });
}

function followAddress(pswp) {
  pswp.on("change", () => {
    const { element } = pswp.currSlide.data;
    history.replaceState({ photo: element.href }, "", element.href);
    // The grid goes along underneath, which also brings its next page in time.
    element.scrollIntoView({ block: "nearest" });
  });
  // A reader who went back while it was opening.
  pswp.on("openingAnimationEnd", () => {
    if (!history.state?.photo) {
      pswp.close();
    }
  });
  pswp.on("close", () => {
    if (history.state?.photo) {
      history.back();
    }
  });
  pswp.on("destroy", () => {
    pswp.currSlide?.data.element.focus({ preventScroll: true });
    lightbox = null;
  });
}

function growWithGrid(pswp, slides) {
  const grow = () => {
    const before = slides.length;
    slides.push(...links().slice(before).map(slide));
    if (pswp.currIndex + 1 === before) {
      pswp.refreshSlideContent(before);
    }
  };
  grid.addEventListener("grid:grown", grow);
  pswp.on("destroy", () => grid.removeEventListener("grid:grown", grow));
}

function open(PhotoSwipe, link) {
  const slides = links().map(slide);
  const texts = grid.dataset;
  lightbox = new PhotoSwipe({
    dataSource: slides,
    index: slides.findIndex((other) => other.element === link),
    loop: false,
    counter: false,
    returnFocus: false,
    bgOpacity: 1,
    thumbSelector: ".grid__photo",
    showHideAnimationType: calm.matches ? "none" : "zoom",
    closeTitle: texts.close,
    zoomTitle: texts.zoom,
    arrowPrevTitle: texts.previous,
    arrowNextTitle: texts.next,
    errorMsg: texts.failed,
  });
  lightbox.on("uiRegister", () => {
    addCaption(lightbox);
    if (texts.download) {
      addDownload(lightbox);
    }
  });
  followAddress(lightbox);
  growWithGrid(lightbox, slides);
  lightbox.init();
  lightbox.element.setAttribute("aria-label", texts.name);
  lightbox.element.setAttribute("aria-modal", "true");
}

async function show(link) {
  try {
    const PhotoSwipe = await load();
    if (!lightbox) {
      if (history.state?.photo !== link.href) {
        // Back in the grid the reader stands at the last photo seen, not at the first one tapped.
        history.scrollRestoration = "manual";
        history.pushState({ photo: link.href }, "", link.href);
      }
      open(PhotoSwipe, link);
    }
  } catch {
    window.location.assign(link.href);
  }
}

function onClick(event) {
  const link = event.target.closest("[data-lightbox]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (link && isPlain && event.button === 0) {
    event.preventDefault();
    show(link);
  }
}

function onPopState(event) {
  if (!event.state?.photo) {
    history.scrollRestoration = "auto";
  }
  if (lightbox && !event.state?.photo) {
    lightbox.close();
  } else if (!lightbox && event.state?.photo) {
    const link = links().find((other) => other.href === event.state.photo);
    if (link) {
      show(link);
    }
  }
}

if (grid) {
  grid.addEventListener("click", onClick);
  // By the time a finger has left the screen the modules are there.
  grid.addEventListener("pointerdown", () => load().catch(() => {}), { once: true });
  window.addEventListener("popstate", onPopState);
}
