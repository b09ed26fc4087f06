// Loads the scripts of the page that may wait until the photographs on the screen are there: on a
// crowded network they would stand in each other's way. Until then links and forms do the same.
// They run in the order of `data-later`; while they are awaited, `data-awaited` says so.

const own = document.querySelector("[data-later]");
const addresses = own.dataset.later.trim().split(/\s+/);

function load() {
  const scripts = addresses.map((address) => {
    const script = document.createElement("script");
    Object.assign(script, { type: "module", async: false, src: address });
    return script;
  });
  const over = () => delete own.dataset.awaited;
  scripts.at(-1).addEventListener("load", over);
  scripts.at(-1).addEventListener("error", over);
  document.head.append(...scripts);
}

// Everything has come, and is seen with the next frame; an observer is first told after one.
function loadAfterFrame() {
  const frame = new IntersectionObserver(() => {
    frame.disconnect();
    load();
  });
  frame.observe(document.documentElement);
}

own.dataset.awaited = "";
if (document.readyState === "complete") {
  loadAfterFrame();
} else {
  window.addEventListener("load", loadAfterFrame);
}
