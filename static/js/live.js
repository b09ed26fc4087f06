// Asks now and then what is new in the gallery, and says it on a chip that leads there: the page
// itself never moves under a finger. Tells the element `updates:changed` with the answer whenever
// that is a new one, and `updates:ended` once the reader is no longer let in.

const LEAST_MS = 30_000;
const JITTER_MS = 15_000;
const LONGEST_MS = 10 * 60_000;
const PATIENCE_MS = 20_000;
const ENDED = new Set([403, 404, 410]);

const element = document.querySelector("[data-updates]");
const chip = element?.querySelector("[data-live-chip]");
const language = document.documentElement.lang;

let timer = 0;
let due = 0;
let failures = 0;
let isAsking = false;
let hasEnded = false;

// A tab that nobody sees does not ask; the time at which it would have is kept.
function wait(milliseconds) {
  due = Date.now() + milliseconds;
  resume();
}

function resume() {
  clearTimeout(timer);
  if (!hasEnded && !isAsking && !document.hidden) {
    timer = setTimeout(ask, Math.max(0, due - Date.now()));
  }
}

function pause() {
  return LEAST_MS + Math.random() * JITTER_MS;
}

// 300 guests whose network comes back must not all ask in the same second.
function pauseAfterFailure(seconds) {
  failures += 1;
  return Math.max(seconds * 1000, Math.min(pause() * 2 ** (failures - 1), LONGEST_MS));
}

async function ask() {
  isAsking = true;
  let next;
  try {
    next = await answer();
  } catch {
    next = pauseAfterFailure(0);
  }
  isAsking = false;
  wait(next);
}

async function answer() {
  const { updates, after, etag } = element.dataset;
  // By hand, and past the browser's cache: so a 304 is seen as one.
  const response = await fetch(`${updates}?after=${after}`, {
    cache: "no-store",
    headers: { Accept: "application/json", ...(etag && { "If-None-Match": etag }) },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (response.ok && !response.redirected) {
    const answered = await response.json();
    // The wall may have moved on meanwhile.
    if (element.dataset.after === after) {
      element.dataset.etag = response.headers.get("ETag") ?? "";
      tell(answered);
    }
  } else if (response.status !== 304) {
    await response.body?.cancel();
    if (response.redirected || ENDED.has(response.status)) return end();
    return pauseAfterFailure(Number(response.headers.get("Retry-After")) || 0);
  }
  failures = 0;
  return pause();
}

function tell(answered) {
  if (chip) {
    const form = new Intl.PluralRules(language).select(answered.count);
    const text = form === "one" ? chip.dataset.one : chip.dataset.other;
    const count = answered.count.toLocaleString(language);
    chip.hidden = answered.count === 0;
    chip.querySelector("[data-live-text]").textContent = text.replace("{count}", count);
  }
  element.dispatchEvent(new CustomEvent("updates:changed", { detail: answered }));
}

function end() {
  hasEnded = true;
  element.dispatchEvent(new CustomEvent("updates:ended"));
  return 0;
}

if (element) {
  document.addEventListener("visibilitychange", resume);
  window.addEventListener("pageshow", (event) => event.persisted && resume());
  // Whoever waited for a lost network need not wait for the long pause to end.
  window.addEventListener("online", () => failures && wait(Math.random() * JITTER_MS));
  wait(pause());
}
