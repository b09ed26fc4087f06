// On the page of one photo the arrow keys turn the photos, as the links to its neighbours do.

const NEIGHBOURS = { ArrowLeft: "prev", ArrowRight: "next" };

document.addEventListener("keydown", (event) => {
  const isTyped = event.target.closest("input, textarea, select, dialog");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  const link = document.querySelector(`[data-steps] a[rel=${NEIGHBOURS[event.key] ?? "none"}]`);
  if (link && isPlain && !isTyped) {
    link.click();
  }
});
