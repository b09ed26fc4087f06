// Likes a photo where its reader stands: the heart answers the tap at once, and says what the site
// said as soon as it did. The buttons are parts of forms, and work as such without this.

const SAID_MILLISECONDS = 6000;

const likes = new Map(); // by the address that a button posts to
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

function addressOf(button) {
  return button.hasAttribute("formaction") ? button.formAction : button.form.action;
}

// The tile is the truth that others read, so it is filled where it was emptied far off the screen.
function buttonsOf(like) {
  const tile = document.getElementById(`photo-${like.photo}`);
  if (tile && !tile.querySelector("[data-like]")) {
    tile.dispatchEvent(new CustomEvent("tile:needed", { bubbles: true }));
  }
  const inTile = tile?.querySelector("[data-like]");
  return inTile && inTile !== like.button ? [inTile, like.button] : [like.button];
}

function show(like, liked, count) {
  for (const button of buttonsOf(like)) {
    button.setAttribute("aria-pressed", liked);
    button.dataset.likeCount = count;
    button.querySelector("[data-count]").textContent = count;
  }
  const detail = { photo: like.photo, liked, count };
  buttonsOf(like)[0].dispatchEvent(new CustomEvent("photo:liked", { bubbles: true, detail }));
}

function beat(button) {
  const icon = button.querySelector(".icon");
  const timing = { duration: 320, easing: "ease-out", pseudoElement: icon ? null : "::before" };
  if (!calm.matches) {
    (icon ?? button).animate({ scale: [1, 1.3, 1] }, timing);
  }
}

function say(text) {
  const words = document.createElement("span");
  words.textContent = text;
  const places = document.querySelectorAll("[data-toast]");
  places[places.length - 1]?.replaceChildren(words);
  setTimeout(() => words.remove(), SAID_MILLISECONDS);
}

async function post(like, liked) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  body.set("liked", liked ? "1" : "0");
  const headers = { Accept: "application/json" };
  // It is sent to its end though its reader goes on to another page.
  const response = await fetch(like.address, { method: "POST", body, headers, keepalive: true });
  const answer = await response.json();
  return response.ok ? answer : { problem: answer.error?.message };
}

// One request at a time for each photo; the last wish is what is asked for next.
async function settle(like) {
  like.isBusy = true;
  while (like.wish !== like.liked) {
    const answer = await post(like, like.wish).catch(() => ({}));
    if (typeof answer.count !== "number") {
      like.wish = like.liked;
      say(answer.problem || document.querySelector("[data-toast]")?.dataset.likeFailed || "");
    } else {
      like.liked = answer.liked;
      like.count = answer.count;
    }
  }
  like.isBusy = false;
  show(like, like.liked, like.count);
}

function find(button) {
  const address = addressOf(button);
  const like = likes.get(address) ?? { address, photo: address.match(/([^/]+)\/like\/$/)?.[1] };
  likes.set(address, like);
  like.button = button;
  if (!like.isBusy) {
    like.liked = button.getAttribute("aria-pressed") === "true";
    like.count = Number(button.dataset.likeCount);
    like.wish = like.liked;
  }
  return like;
}

function toggle(button) {
  const like = find(button);
  like.wish = !like.wish;
  show(like, like.wish, like.count + Number(like.wish) - Number(like.liked));
  if (like.wish) {
    beat(button);
  }
  if (!like.isBusy) {
    settle(like);
  }
}

document.querySelector("[data-grid]")?.setAttribute("data-likes", ""); // read by js/faraway.js
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-like]");
  if (button) {
    event.preventDefault();
    toggle(button);
  }
});
