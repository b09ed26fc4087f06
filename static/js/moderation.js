// The queue of comments without waiting: what is decided goes at once, is sent in the background
// and comes back where that fails. Keys do what the buttons do; the forms work without this.

const queue = document.querySelector("[data-moderation]");
const form = queue?.querySelector("[data-moderation-form]");
const last = queue?.querySelector("[data-moderation-last]");
const keys = document.querySelector("[data-moderation-keys]");
const SWITCH = "moderation-keys-off";

const decisions = []; // the newest last: { items, status, done }
let sending = Promise.resolve();
let waitingAnswers = 0;

if (queue) start();

// --- what is on the page -----------------------------------------------------------------------

function part(name) {
  return queue.querySelector(`[data-moderation-${name}]`);
}

function itemsShown() {
  return [...queue.querySelectorAll("[data-item]:not([hidden])")];
}

function box(item) {
  return item.querySelector("[name=comments]");
}

function idsOf(items) {
  return items.map((item) => item.dataset.item);
}

function ticked() {
  return itemsShown().filter((item) => box(item).checked);
}

function present() {
  return document.activeElement?.closest("[data-item]");
}

function focusOn(item) {
  item?.querySelector("article").focus();
}

function say(text) {
  part("said").textContent = text;
}

function complain(text) {
  const failed = part("failed");
  failed.textContent = text;
  failed.hidden = !text;
}

function showCounts(counts) {
  for (const place of document.querySelectorAll("[data-waiting]")) {
    const count = counts[place.dataset.waiting] ?? 0;
    place.textContent = count.toLocaleString(document.documentElement.lang);
  }
}

function showTicks() {
  const items = itemsShown();
  const all = items.length > 0 && ticked().length === items.length;
  const link = part("all");
  link.textContent = all ? link.dataset.none : link.dataset.all;
}

function showLast() {
  const decision = decisions.at(-1);
  last.hidden = !decision?.done;
  if (decision?.done) {
    part("done").textContent = decision.done;
    last.elements.decided.value = decision.status;
    part("ids").replaceChildren(...idsOf(decision.items).map(hiddenField));
  }
}

function hiddenField(id) {
  return Object.assign(document.createElement("input"), {
    type: "hidden",
    name: "comments",
    value: id,
  });
}

function setShown(items, shown) {
  for (const item of items) {
    item.hidden = !shown;
    box(item).checked = false;
  }
  const isEmpty = itemsShown().length === 0;
  part("empty").hidden = !isEmpty;
  form.hidden = isEmpty;
  showTicks();
}

// --- what is sent ------------------------------------------------------------------------------

class Refused extends Error {}

async function post(address, ids, more = {}) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  for (const id of ids) body.append("comments", id);
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  const headers = { Accept: "application/json" };
  const response = await fetch(address, { method: "POST", body, headers, keepalive: true });
  // Whoever is logged out is led to the log-in page.
  if (response.redirected) throw new Refused(queue.dataset.signedOut);
  const answer = await response.json().catch(() => ({}));
  if (response.status === 404) return { changed: [], late: queue.dataset.gone };
  if (!response.ok) throw new Refused(answer.error?.message || queue.dataset.failed);
  return answer;
}

// One after the other, in the order of the decisions: an undo never overtakes what it undoes.
function send(task, fail) {
  waitingAnswers += 1;
  sending = sending
    .then(task)
    .catch((error) => {
      const text = error instanceof Refused ? error.message : queue.dataset.failed;
      fail();
      complain(text);
    })
    .finally(() => {
      waitingAnswers -= 1;
      goOn();
    });
}

function receive(answer) {
  complain("");
  if (answer.counts) showCounts(answer.counts);
  say([answer.done, answer.late].filter(Boolean).join(" "));
}

// A page that is done makes room for what waits beyond it.
function goOn() {
  const { event, first } = queue.dataset;
  const left = queue.querySelector(`[data-waiting="${event}"]`)?.textContent;
  if (waitingAnswers === 0 && itemsShown().length === 0 && left !== "0") {
    location.assign(first);
  }
}

// --- what is decided ---------------------------------------------------------------------------

function decide(items, button) {
  if (!items.length) return;
  const here = present();
  const shown = itemsShown();
  const place = shown.indexOf(here ?? items[0]);
  const decision = { items, status: button.dataset.decision, done: "" };
  decisions.push(decision);
  setShown(items, false);
  const after = shown.slice(place).concat(shown.slice(0, place).reverse());
  const next = after.find((item) => !item.hidden);
  if (next) focusOn(next);
  else focusOnEmpty();
  send(
    async () => {
      const answer = await post(button.formAction, idsOf(items));
      const changed = new Set(answer.changed);
      decision.items = items.filter((item) => changed.has(item.dataset.item));
      decision.done = answer.done;
      if (!decision.items.length) drop(decision);
      receive(answer);
      showLast();
    },
    () => {
      drop(decision);
      setShown(items, true);
      showLast();
    },
  );
}

function focusOnEmpty() {
  const empty = part("empty");
  empty.tabIndex = -1;
  empty.focus();
}

function drop(decision) {
  const place = decisions.indexOf(decision);
  if (place >= 0) decisions.splice(place, 1);
}

function undo() {
  const decision = decisions.pop();
  send(
    async () => {
      // One that was refused or came too late has nothing to undo.
      if (!decision.done) return;
      const more = { decided: decision.status };
      const answer = await post(last.action, idsOf(decision.items), more);
      const changed = new Set(answer.changed);
      const back = decision.items.filter((item) => changed.has(item.dataset.item));
      setShown(back, true);
      focusOn(back[0]);
      receive(answer);
      showLast();
    },
    () => {
      decisions.push(decision);
      showLast();
    },
  );
}

// --- what is pressed ---------------------------------------------------------------------------

function submitted(event) {
  const button = event.submitter;
  if (!button?.dataset.decision) return;
  event.preventDefault();
  decide(button.name === "only" ? [button.closest("[data-item]")] : ticked(), button);
}

function move(step) {
  const items = itemsShown();
  const place = items.indexOf(present());
  focusOn(place < 0 ? items[0] : items[place + step]);
}

function decideByKey(status) {
  const some = ticked();
  const items = some.length ? some : [present()].filter(Boolean);
  decide(items, form?.querySelector(`[data-decision=${status}]`));
}

function tick() {
  const item = present();
  if (item) {
    box(item).checked = !box(item).checked;
    showTicks();
  }
}

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  x: tick,
  a: () => decideByKey("APPROVED"),
  r: () => decideByKey("REJECTED"),
  u: () => !last.hidden && last.requestSubmit(),
  "?": () => keys.showModal(),
};
// Arrows scroll a page; they move between comments once one of them has the focus.
const ARROWS = { ArrowDown: () => move(1), ArrowUp: () => move(-1) };

function pressed(event) {
  const isTyping = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping) return;
  const arrow = present() && ARROWS[event.key];
  const action = arrow || (areKeysOn() && ACTIONS[event.key]);
  if (action) {
    event.preventDefault();
    action();
  }
}

function areKeysOn() {
  return keys.querySelector("[data-moderation-switch]").checked;
}

// What the browser may not keep, in a private window, is forgotten with the page.
function remembered(write) {
  try {
    return write(localStorage);
  } catch {
    return null;
  }
}

function start() {
  const toggle = keys.querySelector("[data-moderation-switch]");
  toggle.checked = !remembered((store) => store.getItem(SWITCH));
  toggle.addEventListener("change", () => {
    remembered((store) =>
      toggle.checked ? store.removeItem(SWITCH) : store.setItem(SWITCH, "1"),
    );
  });
  last.addEventListener("submit", (event) => {
    // A decision of an earlier page is taken back by the form itself.
    if (decisions.length) {
      event.preventDefault();
      undo();
    }
  });
  document.addEventListener("keydown", pressed);
  if (!form) return;
  showTicks();
  form.addEventListener("submit", submitted);
  form.addEventListener("change", showTicks);
  part("help").hidden = false;
  part("help").addEventListener("click", () => keys.showModal());
  part("all").addEventListener("click", (event) => {
    event.preventDefault();
    const wanted = ticked().length !== itemsShown().length;
    for (const item of itemsShown()) box(item).checked = wanted;
    showTicks();
  });
}
