// Downloads with a progress that is seen: a ZIP of the dock, or `[data-save]` links to one photo.
// What breaks off goes on where it broke. On a phone that can, photos go to its share sheet, whose
// "save image" is the only way into an iPhone's Photos. Every one is a form or a link without it.

// What is fetched here stands in memory until it is saved, about twice, and ends with the page: a
// phone takes that for a chapter. The browser's own list of downloads takes any size.
const LIMIT_BYTES = 100 * 2 ** 20;
// Chromium shares at most so many and so much at once.
const SHARED_PHOTOS = 10;
const SHARED_BYTES = 50 * 2 ** 20;
const TRIES = 6; // in a row without a byte; with the pauses half a minute
const LONGEST_PAUSE_SECONDS = 15;
const REPAINT_MS = 100;
const REVOKE_MS = 60_000;
const SAVED_MS = 6_000;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];
const NO_PHOTO = "00000000-0000-0000-0000-000000000000";
// Windows inside of other apps give what a script has fetched to nobody; a gallery that was put on
// the home screen looks like one of them on an iPhone, and is none.
const IN_APP = /; wv\)|\((iPhone|iPad)(?!.* Safari\/)/;
const isInApp =
  IN_APP.test(navigator.userAgent) && !matchMedia("(display-mode: standalone)").matches;

const notice = document.querySelector("[data-download]");
const dock = document.querySelector("[data-choose]");
let job = null;

class Refusal extends Error {}
class ElsewhereError extends Error {}
class LaterError extends Error {
  constructor(message, seconds) {
    super(message);
    this.seconds = seconds;
  }
}

if (notice && !isInApp) {
  document.addEventListener("click", onSaveLink);
  part("cancel").addEventListener("click", () => job?.abort.abort());
  part("close").addEventListener("click", hide);
  part("again").addEventListener("click", () => run(job));
  part("share").addEventListener("click", () => share(job, true));
  part("file").addEventListener("click", () => saveAll(job.files));
  // The lightbox takes what is inside it along when it closes.
  const stay = () => notice.isConnected || notice.hidden || showNotice();
  new MutationObserver(stay).observe(document.body, { childList: true });
}
if (dock) startDock(dock.closest("form"));

// What is asked for.

function onSaveLink(event) {
  const link = event.target.closest("[data-save]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !isPlain) return;
  event.preventDefault();
  const { bytes, filename, type } = link.dataset;
  const file = { url: link.href, bytes: Number(bytes) || 0, name: filename, type };
  begin([file], link, { finish: share, elsewhere: () => location.assign(link.href) });
}

function startDock(form) {
  const saveButton = dock.querySelector("[data-save-chosen]");
  let chosen = [];

  const photos = () => chosen.map((id) => photoFile(id, form.elements.size.value));
  function showChoice() {
    saveButton.hidden = true;
    if (!chosen.length) return; // nothing is said of nothing, as in choose.js
    const original = total(chosen.map((id) => photoFile(id, "original")));
    const web = total(chosen.map((id) => photoFile(id, "web")));
    for (const place of dock.querySelectorAll("[data-chosen-bytes]")) {
      place.textContent = sizeText(place.dataset.chosenBytes === "web" ? web : original);
    }
    const isFew = chosen.length <= SHARED_PHOTOS;
    const isShared = canShare() && isFew && total(photos()) <= SHARED_BYTES;
    saveButton.hidden = isInApp || !isShared;
  }
  const planned = (button) =>
    begin([], button, { plan: () => plan(form, button), finish: ({ files }) => saveAll(files) });

  dock.addEventListener("choice:changed", ({ detail }) => {
    chosen = detail.ids;
    showChoice();
  });
  form.addEventListener("change", showChoice);
  if (isInApp) return;
  form.addEventListener("submit", (event) => {
    if (!dock.contains(event.submitter)) return; // a like, which is the same form
    event.preventDefault();
    planned(event.submitter);
  });
  saveButton.addEventListener("click", () => {
    const elsewhere = () => planned(dock.querySelector("[data-choose-submit]"));
    begin(photos(), saveButton, { finish: share, elsewhere });
  });
}

function photoFile(id, size) {
  // The tile says the size of the original, if there is one to be had, and of the web size.
  const sizes = document.getElementById(`photo-${id}`)?.dataset.bytes?.split(" ").map(Number) ?? [0];
  return {
    url: `${dock.dataset.photoUrl.replace(NO_PHOTO, id)}?size=${size}`,
    bytes: size === "web" ? sizes.at(-1) : sizes[0],
    name: `${id}.jpg`,
    type: "image/jpeg",
  };
}

// The ZIP is planned first: then its size is known.
async function plan(form, submitter) {
  const fields = new FormData(form);
  if (submitter.name) {
    fields.delete("photos");
    fields.set(submitter.name, submitter.value);
  }
  const answer = await ask(form.action, { method: "POST", body: new URLSearchParams(fields) });
  const { url, bytes, photos } = await answer.json();
  if (bytes > LIMIT_BYTES) {
    const head = await ask(url, { method: "HEAD" });
    job.isRunning = false;
    location.assign(url);
    const texts = { name: nameOf(head, "ZIP"), photos: photosText(photos), size: sizeText(bytes) };
    tell("handed", ["close"], texts);
    return [];
  }
  return [{ url, bytes, name: "photos.zip", type: "application/zip" }];
}

// How one goes on.

function begin(files, tapped, how) {
  if (job?.isRunning) return; // its progress is on the screen
  const sheet = tapped.closest("details");
  sheet?.removeAttribute("open");
  run({ ...how, files, opener: sheet?.querySelector("summary") ?? tapped });
}

async function run(started) {
  job = Object.assign(started, { abort: new AbortController(), isRunning: true });
  addEventListener("beforeunload", warn);
  tell("preparing", ["cancel"]);
  part("cancel").focus();
  try {
    if (job.plan && !job.files.length) job.files = await job.plan();
    for (const file of job.files) await load(file);
    job.isRunning = false;
    if (job.files.length) await job.finish(job);
  } catch (error) {
    job.isRunning = false;
    end(error);
  } finally {
    removeEventListener("beforeunload", warn);
  }
}

function warn(event) {
  if (job.isRunning) event.preventDefault();
}

function end(error) {
  if (job.abort.signal.aborted) hide();
  else if (error instanceof ElsewhereError) {
    hide();
    job.elsewhere();
  } else if (error instanceof Refusal) tell(error.message || "failed", ["close"]);
  else tell((error instanceof LaterError && error.message) || "broken", ["again", "close"]);
}

async function load(file) {
  for (let failures = 0; !file.whole; ) {
    const before = file.received ?? 0;
    try {
      await read(file);
    } catch (error) {
      if (job.abort.signal.aborted || error instanceof Refusal) throw error;
      if (!before && !file.received && (await leadsElsewhere(file))) throw new ElsewhereError();
      failures = file.received > before ? 1 : failures + 1;
      if (failures >= TRIES) throw error;
      tell((error instanceof LaterError && error.message) || "waiting", ["cancel"]);
      await pause(error.seconds ?? 2 ** (failures - 1));
    }
  }
}

async function read(file) {
  const headers = {};
  if (file.received && file.etag) {
    headers.Range = `bytes=${file.received}-`;
    headers["If-Range"] = file.etag;
  }
  const answer = await ask(file.url, { headers });
  const goesOn = answer.status === 206;
  if (!goesOn) Object.assign(file, { parts: [], received: 0 });
  const etag = answer.headers.get("ETag") ?? "";
  file.etag = etag.startsWith("W/") ? "" : etag;
  file.name = nameOf(answer, file.name);
  const length = Number(answer.headers.get("Content-Length"));
  if (length) file.bytes = file.received + length;
  tell("loading", ["cancel"], { name: file.name });
  const reader = answer.body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    file.parts.push(piece.value);
    file.received += piece.value.length;
    showProgress();
  }
  if (length && file.received < file.bytes) throw new TypeError("The answer was cut short.");
  const type = answer.headers.get("Content-Type") ?? file.type;
  file.whole = new File(file.parts, file.name, { type });
  file.parts = [];
}

async function ask(url, options) {
  const headers = { Accept: "application/json, */*;q=0.5", ...options.headers };
  const answer = await fetch(url, { ...options, headers, cache: "no-store", signal: job.abort.signal });
  // Whoever is no longer admitted is led to the code form.
  const isPage = answer.headers.get("Content-Type")?.startsWith("text/html");
  if (answer.ok && !isPage) return answer;
  const message = (await answer.json().catch(() => null))?.error?.message;
  const mayPass = answer.status === 429 || answer.status === 503;
  if (mayPass) throw new LaterError(message, Number(answer.headers.get("Retry-After")) || 1);
  throw new Refusal(message ?? "");
}

// A bucket that does not let this page read: the browser may still follow the link.
async function leadsElsewhere(file) {
  const options = { method: "HEAD", redirect: "manual", cache: "no-store", signal: job.abort.signal };
  const answer = await fetch(file.url, options).catch(() => null);
  return answer?.type === "opaqueredirect" && Boolean(job.elsewhere);
}

function pause(seconds) {
  return new Promise((go, stop) => {
    setTimeout(go, Math.min(seconds, LONGEST_PAUSE_SECONDS) * 1000);
    addEventListener("online", go, { once: true });
    job.abort.signal.addEventListener("abort", () => stop(job.abort.signal.reason));
  });
}

// Where it goes to.

function canShare(files = [new File(["."], "a.jpg", { type: "image/jpeg" })]) {
  // A computer has a share sheet too, but a folder is where its owner looks for a photo.
  return matchMedia("(pointer: coarse)").matches && Boolean(navigator.canShare?.({ files }));
}

async function share(shared, isSecondTap = false) {
  const files = shared.files.map((file) => file.whole);
  if (total(shared.files) > SHARED_BYTES || !canShare(files)) return saveAll(shared.files);
  try {
    await navigator.share({ files });
    hide();
  } catch (error) {
    // Thought better of it; or the tap is too long ago, then another one opens the sheet.
    const mayTry = error.name === "AbortError" || !isSecondTap;
    if (!mayTry) return saveAll(shared.files);
    tell("ready", ["share", "file", "close"]);
    part("share").focus();
  }
}

function saveAll(files) {
  for (const { whole } of files) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(whole);
    link.download = whole.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS);
  }
  tell("saved", ["close"], { name: files[0].name });
  const finished = job;
  setTimeout(() => job === finished && hide(), SAVED_MS);
}

// What is seen.

function part(name) {
  return notice.querySelector(`[data-download-${name}]`);
}

function tell(text, buttons, values = {}) {
  const hadFocus = notice.contains(document.activeElement);
  const message = notice.dataset[text] ?? text;
  part("text").textContent = message.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  for (const name of ["again", "share", "file", "cancel", "close"]) {
    part(name).hidden = !buttons.includes(name);
  }
  part("bar").hidden = part("bytes").hidden = !buttons.includes("cancel");
  showNotice();
  if (hadFocus) part(buttons[0]).focus();
  paint();
}

function showNotice() {
  // The lightbox keeps the focus inside itself.
  const home = document.querySelector(".pswp") ?? document.body;
  if (!notice.isConnected || !home.contains(notice)) home.append(notice);
  notice.hidden = false;
  if (notice.showPopover && !notice.matches(":popover-open")) notice.showPopover();
}

function hide() {
  const hadFocus = notice.contains(document.activeElement);
  notice.hidden = true;
  if (notice.hidePopover && notice.isConnected) notice.hidePopover();
  if (hadFocus) job?.opener?.focus({ preventScroll: true });
  if (job && !job.isRunning) job.files = []; // up to a hundred megabytes
}

let repaint = 0;
function showProgress() {
  repaint ||= setTimeout(paint, REPAINT_MS);
}

function paint() {
  clearTimeout(repaint);
  repaint = 0;
  const all = total(job.files);
  const done = job.files.reduce((sum, file) => sum + (file.received ?? 0), 0);
  if (all) part("bar").value = Math.min(1, done / all);
  else part("bar").removeAttribute("value");
  const texts = { done: sizeText(done), total: sizeText(all) };
  part("bytes").textContent = all
    ? notice.dataset.bytes.replace(/\{(\w+)\}/g, (whole, name) => texts[name])
    : "";
}

function total(files) {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

// The same form as the server's `filesizeformat`, so that a page says one number.
function sizeText(bytes) {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(bytes || 1) / 10)));
  const digits = power ? 1 : 0;
  const format = new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit",
    unit: UNITS[power],
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  });
  return format.format(bytes / 2 ** (10 * power)).replace("kB", "KB");
}

function photosText(count) {
  const { lang } = document.documentElement;
  const text = count === 1 ? notice.dataset.photo : notice.dataset.photos;
  return text.replace("{count}", count.toLocaleString(lang));
}

function nameOf(answer, otherwise) {
  const header = answer.headers.get("Content-Disposition") ?? "";
  const [, name] = header.match(/filename\*=UTF-8''([^;]+)/i) ?? [];
  return name ? decodeURIComponent(name) : otherwise;
}
