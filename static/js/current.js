// Moves a row of choices that is wider than the screen so that the present one is seen.

for (const row of document.querySelectorAll("[data-scroll-to-current]")) {
  const current = row.querySelector("[aria-current]");
  if (current) {
    row.scrollLeft = current.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
  }
}
