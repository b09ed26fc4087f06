// What a screen reader and a keyboard need of Django's forms, and neither Django nor select2 gives.
const choices = [...document.querySelectorAll("select.admin-autocomplete")];

// What select2 is told before it draws: its list belongs to the page's main part; and where many are
// chosen each has a cross of its own, and one for all would stand in their list as no item.
for (const choice of choices) {
  choice.dataset.dropdownParent = "main";
  if (choice.multiple) choice.dataset.allowClear = "false";
}

// select2 gives the boxes that it draws no label: they get the field's, before what they say already.
const PARTS = "[role=combobox], [role=textbox], [role=searchbox], [role=listbox]";

function nameParts(choice) {
  const [label] = choice.labels;
  if (!label) return;
  label.id ||= `${choice.id}_label`;
  const list = document.getElementById(`select2-${choice.id}-results`);
  for (const box of [choice.nextElementSibling, list?.closest(".select2-dropdown")]) {
    for (const part of box?.querySelectorAll(PARTS) ?? []) {
      if (list && part.role === "combobox") part.setAttribute("aria-controls", list.id);
      const said = part.getAttribute("aria-labelledby") ?? part.id;
      if (said.startsWith(label.id)) continue;
      part.setAttribute("aria-labelledby", `${label.id} ${said}`.trim());
    }
  }
}

// Calendars and clocks are windows of their own, and say what their opener says.
function nameWindow(box) {
  const opener = document.getElementById(box.id.replace("box", "link"));
  box.role = "dialog";
  box.ariaLabel = opener.querySelector("[title]").title;
}

// Django draws all of them by scripts of its own, in its own time.
new MutationObserver(() => {
  choices.forEach(nameParts);
  document.querySelectorAll(".calendarbox, .clockbox").forEach(nameWindow);
}).observe(document.body, { childList: true, subtree: true });

// A head without words is the head of nothing.
for (const cell of document.querySelectorAll(".inline-related th:empty")) cell.role = "cell";

// A table that is too wide is scrolled in its box: by keys too, where nothing in it takes the focus.
for (const box of document.querySelectorAll(".inline-group")) {
  const isScrolled = box.scrollWidth > box.clientWidth;
  if (isScrolled && !box.querySelector("a, input:not([type=hidden])")) box.tabIndex = 0;
}
