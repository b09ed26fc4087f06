// The projector wall: shows the photos of its list one after the other, the newest first and then
// round again; one that comes in meanwhile is shown next.
//
// A wall stands for hours in a room whose network comes and goes. So a photo is shown only once it
// is here: every picture of the list is kept (and none besides), and the list is asked for again
// when live.js hears of a change, or before its links end. No more than two pictures are decoded.

const SHOWN_MS = 8000;
const CONTROLS_MS = 3500;
const BREATH_MS = 250;
const RETRY_MS = 15_000;
const LONGEST_RETRY_MS = 5 * 60_000;
const RENEW_MS = 3 * 3600 * 1000; // links hold for six hours at least
const PATIENCE_MS = 60_000;
const ENOUGH = 0.9; // of the pixels that the screen has for a photo
const ENDED = new Set([403, 404, 410]);

class Refused extends Error {}

const stage = document.querySelector("[data-wall]");
const part = (name, root = stage) => root.querySelector(`[data-wall-${name}]`);

const kept = new Map(); // key of a photo: its Blob, or its address where it lies on another host
const skipped = new Set(); // what could not be fetched; tried again with the next list
const layers = [];
let photos = [];
let fresh = [];
let mark = ""; // where the round stands
let shown = "";
let turns = 0;
let turnTimer = 0;
let renewTimer = 0;
let controlsTimer = 0;
let failures = 0;
let isFilling = false;
let isRenewing = false;
let isPaused = false;
let hasEnded = false;

// The list.

function read(page) {
  return [...part("photos", page).children].map((item) => {
    const { photoId, generation, sequence, ratio, sources, ground } = item.dataset;
    return {
      key: `${photoId}/${generation}`,
      sequence: Number(sequence),
      ratio: Number(ratio),
      source: fitting(sources, Number(ratio)),
      ground,
      alt: item.textContent,
    };
  });
}

function fitting(sources, ratio) {
  const pixels = Math.min(screen.width, screen.height * ratio) * devicePixelRatio * ENOUGH;
  const all = sources.split(", ").map((source) => source.split(" "));
  const [address] = all.find(([, width]) => Number(width) >= pixels) ?? all.at(-1);
  return address;
}

function take(list) {
  const newest = photos[0]?.sequence ?? Infinity;
  const there = new Set(list.map(({ key }) => key));
  const added = list.filter(({ sequence }) => sequence > newest).map(({ key }) => key);
  fresh = [...added, ...fresh.filter((key) => there.has(key) && !added.includes(key))];
  if (!there.has(mark)) mark = followerOf(mark, there);
  photos = list;
  skipped.clear();
  for (const key of kept.keys()) if (!there.has(key)) kept.delete(key);
  for (const { key, source } of list) if (typeof kept.get(key) === "string") kept.set(key, source);
  part("coming").hidden = list.length > 0;
  if (shown && !there.has(shown)) step(1); // it was taken out of the gallery
  fill();
}

// The round goes on behind a photo that is no longer there.
function followerOf(key, there) {
  const index = photos.findIndex((photo) => photo.key === key);
  const before = photos.slice(0, Math.max(index, 0)).reverse();
  return before.find((photo) => there.has(photo.key))?.key ?? "";
}

async function renew() {
  if (isRenewing || hasEnded) return;
  isRenewing = true;
  let pause = RENEW_MS;
  try {
    const response = await fetch(location.href, {
      cache: "no-store",
      headers: { Accept: "text/html" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await response.text();
    if (response.redirected || ENDED.has(response.status)) return end();
    if (!response.ok) throw new Error(response.status);
    replace(new DOMParser().parseFromString(text, "text/html"));
  } catch {
    pause = retryPause();
  } finally {
    isRenewing = false;
  }
  renewLater(pause);
}

function renewLater(milliseconds) {
  clearTimeout(renewTimer);
  if (!hasEnded) renewTimer = setTimeout(renew, milliseconds);
}

function replace(page) {
  const { after, etag } = part("photos", page).closest("[data-wall]").dataset;
  Object.assign(stage.dataset, { after, etag });
  const code = part("code", page).getAttribute("src");
  if (code !== part("code").getAttribute("src")) part("code").src = code;
  take(read(page));
}

function retryPause() {
  failures += 1;
  return Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
}

// The pictures: fetched one after the other, first the one that is shown next.

async function fill() {
  if (isFilling) return;
  isFilling = true;
  for (let photo = missing(); photo; photo = missing()) {
    try {
      const picture = await fetchPicture(photo.source);
      if (photos.some(({ key }) => key === photo.key)) kept.set(photo.key, picture);
      if (!shown) step(1);
    } catch (error) {
      skipped.add(photo.key);
      if (!(error instanceof Refused)) break; // no network: the others would fare no better
    }
    await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
  }
  isFilling = false;
  if (skipped.size) renewLater(retryPause());
  else failures = 0;
}

function missing() {
  const isMissing = ({ key }) => !kept.has(key) && !skipped.has(key);
  return hasEnded ? undefined : inTurn(1).find(isMissing);
}

async function fetchPicture(address) {
  if (new URL(address, location.href).origin !== location.origin) {
    // A bucket that lets no script read: the browser's own cache keeps it.
    await Object.assign(new Image(), { src: address }).decode();
    return address;
  }
  const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) });
  // Without a network the service worker answers a small picture with an empty GIF.
  const isOurs = response.headers.get("Content-Type") !== "image/gif";
  if (response.ok && isOurs) return response.blob();
  await response.body?.cancel();
  throw new Refused(response.status);
}

// Turning.

// All photos in the order in which they come, from where the round stands.
function inTurn(way) {
  const index = photos.findIndex(({ key }) => key === mark);
  if (way < 0) {
    const at = Math.max(index, 0);
    const before = [...photos.slice(0, at).reverse(), ...photos.slice(at).reverse()];
    return shown === mark ? before : [photos[at], ...before];
  }
  const round = [...photos.slice(index + 1), ...photos.slice(0, index + 1)];
  const next = fresh.map((key) => photos.find((photo) => photo.key === key));
  return [...next, ...round];
}

async function step(way) {
  turns += 1;
  const turn = turns;
  clearTimeout(turnTimer);
  for (const photo of photos.length ? inTurn(way) : []) {
    if (photo.key === shown || !kept.has(photo.key)) continue;
    const isShown = await present(photo);
    if (turn !== turns) return;
    if (isShown) break;
  }
  if (shown && !photos.some(({ key }) => key === shown)) clear();
  turnLater();
}

function turnLater() {
  clearTimeout(turnTimer);
  if (!isPaused && !hasEnded) turnTimer = setTimeout(step, SHOWN_MS, 1);
}

async function present(photo) {
  const [layer, other] = layers[0].isShown ? [layers[1], layers[0]] : layers;
  const turn = turns;
  const picture = kept.get(photo.key);
  release(layer);
  if (picture instanceof Blob) layer.address = URL.createObjectURL(picture);
  layer.photo.src = layer.address || picture;
  layer.ground.src = photo.ground;
  try {
    await layer.photo.decode();
  } catch {
    if (turn === turns) kept.delete(photo.key);
    return false;
  }
  if (turn !== turns) return false;
  layer.photo.alt = photo.alt;
  show(layer, true);
  show(other, false);
  if (fresh.includes(photo.key)) fresh = fresh.filter((key) => key !== photo.key);
  else mark = photo.key;
  shown = photo.key;
  return true;
}

function show(layer, isShown) {
  layer.isShown = isShown;
  layer.box.toggleAttribute("data-shown", isShown);
  layer.box.ariaHidden = String(!isShown);
}

function release(layer) {
  if (layer.address) URL.revokeObjectURL(layer.address);
  layer.address = "";
}

function clear() {
  for (const layer of layers) {
    show(layer, false);
    release(layer);
    layer.photo.removeAttribute("src");
    layer.ground.removeAttribute("src");
  }
  shown = "";
}

function end() {
  hasEnded = true;
  turns += 1;
  [turnTimer, renewTimer].forEach(clearTimeout);
  clear();
  kept.clear();
  photos = [];
  part("coming").hidden = true;
  part("code").closest("figure").hidden = true;
  part("ended").hidden = false;
  wake();
}

function makeLayer() {
  const box = document.createElement("div");
  box.className = "wall__slide";
  const [ground, photo] = ["ground", "photo"].map((name) => {
    const image = new Image();
    image.className = `wall__${name}`;
    image.alt = "";
    return image;
  });
  box.append(ground, photo);
  part("slides").append(box);
  const layer = { box, ground, photo, address: "" };
  show(layer, false);
  return layer;
}

// The controls.

function wake() {
  delete stage.dataset.idle;
  clearTimeout(controlsTimer);
  if (!hasEnded) controlsTimer = setTimeout(() => (stage.dataset.idle = ""), CONTROLS_MS);
}

function togglePause() {
  isPaused = !isPaused;
  part("pause").ariaPressed = String(isPaused);
  turnLater();
}

function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
}

function leave() {
  if (document.fullscreenElement) document.exitFullscreen();
  else part("exit").click();
}

const KEYS = {
  " ": togglePause,
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  PageDown: () => step(1), // what a presenter's remote sends
  PageUp: () => step(-1),
  f: toggleFull,
  Escape: leave,
};

function onKey(event) {
  wake();
  const isPressing = event.key === " " && event.target.closest("a, button");
  const act = KEYS[event.key];
  if (!act || isPressing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
}

function connectControls() {
  part("controls").hidden = false;
  part("full").hidden = !document.fullscreenEnabled;
  part("previous").addEventListener("click", () => step(-1));
  part("next").addEventListener("click", () => step(1));
  part("pause").addEventListener("click", togglePause);
  part("full").addEventListener("click", toggleFull);
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointermove", wake);
  document.addEventListener("pointerdown", wake);
  document.addEventListener("fullscreenchange", () => {
    part("full").ariaPressed = String(Boolean(document.fullscreenElement));
  });
  wake();
}

// The screen stays on while it shows the wall; a hidden tab loses its lock.
function stayAwake() {
  if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {});
}

if (stage) {
  part("plain").hidden = true;
  layers.push(makeLayer(), makeLayer());
  connectControls();
  stage.addEventListener("updates:changed", renew);
  stage.addEventListener("updates:ended", end);
  window.addEventListener("online", () => renewLater(0));
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
  take(read(document));
  renewLater(RENEW_MS);
}
