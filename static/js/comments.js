// Comments without leaving the photo: opens them in a sheet over the lightbox, and sends what is
// written there, or on the photo's own page, in the background. Both show what the site draws: the
// part `data-comments` of the photo's page, with errors at their fields and all that was typed.

const SECTION = "[data-comments]";
const PLAIN = { Accept: "text/html" };

let fills = 0;
let isPressedBeside = false;

function isPlain(event) {
  return !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

async function fetchSection(address, options = {}) {
  const response = await fetch(address, { headers: PLAIN, ...options });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const section = page.querySelector(SECTION);
  if (!section) {
    // Refused: the admission has ended, comments were closed meanwhile, or the site is down.
    throw new Error(page.querySelector("[data-problem]")?.textContent ?? "");
  }
  return { section: document.adoptNode(section), isAccepted: response.ok };
}

// --- the sheet ---------------------------------------------------------------------------------

function part(sheet, name) {
  return sheet.querySelector(`[data-sheet-${name}]`);
}

async function fill(sheet, address) {
  const [place, wait, failed] = ["place", "wait", "failed"].map((name) => part(sheet, name));
  sheet.dataset.address = address;
  place.replaceChildren();
  wait.hidden = false;
  failed.hidden = true;
  fills += 1;
  const mine = fills;
  const found = await fetchSection(address).catch(() => null);
  // Somebody who closed it may have opened it again, or that of another photo.
  if (mine === fills) {
    wait.hidden = true;
    failed.hidden = Boolean(found);
    place.replaceChildren(...(found ? [found.section] : []));
  }
}

function open(link) {
  const sheet = document.querySelector("[data-comments-sheet]");
  const isTyped = [...sheet.querySelectorAll("textarea")].some((field) => field.value.trim());
  sheet.showModal();
  // What was written and not sent is still there.
  if (sheet.dataset.address !== link.href || !isTyped) {
    fill(sheet, link.href);
  }
}

// What lies beside a dialog belongs to it, as does the room between its parts.
function isBeside(sheet, { clientX, clientY }) {
  const { left, right, top, bottom } = sheet.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

// A finger or mouse that goes down inside and up beside it marks words, and wants nothing closed.
function onPress(event) {
  const sheet = event.target.closest("[data-comments-sheet]");
  isPressedBeside = Boolean(sheet) && isBeside(sheet, event);
}

// --- what is written ---------------------------------------------------------------------------

function idsIn(section) {
  return [...section.querySelectorAll("[data-comment-id]")].map((item) => item.dataset.commentId);
}

function focusOn(element) {
  if (element && !element.matches("a, button, input, textarea, select")) {
    element.tabIndex = -1;
  }
  element?.focus();
}

// A reader who cannot see it is led to what changed: the wrong field, or the words that came in.
function lead(section, known, isAccepted) {
  if (!isAccepted) {
    focusOn(section.querySelector("[aria-invalid=true]") ?? section.querySelector("[role=alert]"));
    return;
  }
  const added = idsIn(section).find((id) => !known.has(id));
  focusOn(added ? section.querySelector(`[data-comment-id="${added}"]`) : section);
}

function tell(section) {
  const detail = { photo: section.dataset.comments, count: Number(section.dataset.commentCount) };
  section.dispatchEvent(new CustomEvent("comments:changed", { bubbles: true, detail }));
}

function fail(section, text) {
  const failed = section.querySelector("[data-comments-failed]");
  if (failed) {
    failed.textContent = text || failed.dataset.commentsFailed;
    failed.hidden = false;
    failed.scrollIntoView({ block: "nearest" });
  }
}

async function send(form) {
  const section = form.closest(SECTION);
  if (section.ariaBusy === "true") {
    return; // tapped twice
  }
  section.ariaBusy = "true";
  try {
    const known = new Set(idsIn(section));
    const body = new FormData(form);
    const answer = await fetchSection(form.action, { method: "POST", body });
    section.replaceWith(answer.section);
    lead(answer.section, known, answer.isAccepted);
    tell(answer.section);
  } catch (error) {
    // A network's own words are not for readers.
    fail(section, error instanceof TypeError ? "" : error.message);
  } finally {
    section.ariaBusy = "false";
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-comments-open]");
  if (link && isPlain(event)) {
    event.preventDefault();
    open(link);
  }
  const sheet = event.target.closest("[data-comments-sheet]");
  const turn = event.target.closest(`${SECTION} a[href]`);
  if (sheet && turn && isPlain(event) && turn.pathname === new URL(sheet.dataset.address).pathname) {
    event.preventDefault();
    fill(sheet, turn.href);
  } else if (sheet && isPressedBeside && isBeside(sheet, event)) {
    sheet.close();
  }
});
document.addEventListener("pointerdown", onPress, { capture: true });

document.addEventListener("submit", (event) => {
  if (event.target.closest(SECTION)) {
    event.preventDefault();
    send(event.target);
  }
});
