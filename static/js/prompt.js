/* A prompt's page. Without it the up and down buttons order the actions, and every parameter is shown.
 *
 * [data-sortable] > [draggable]     dropping a row submits the row's [data-move] button with its new place
 * [data-only-when="timing=now"]     the parameter is shown while the named ones have these values
 * [data-picker-search]              the list that it searches stays open below it while somebody searches
 */
"use strict";

let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-sortable] > [draggable]");
  if (dragged) event.dataTransfer.effectAllowed = "move";
});

document.addEventListener("dragover", (event) => {
  if (rowUnder(event)) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const row = rowUnder(event);
  if (!row) return;
  event.preventDefault();
  if (row === dragged) return;
  const form = dragged.querySelector("form");
  form.elements.to.value = row.dataset.position;
  form.requestSubmit(form.querySelector("[data-move]"));
});

function rowUnder(event) {
  const row = event.target.closest?.("[data-sortable] > [draggable]");
  return row && dragged && row.parentElement === dragged.parentElement ? row : null;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-parameters]");
  if (form) showWhatCounts(form);
});
document.addEventListener("htmx:afterSwap", prepareForms);
prepareForms();

function prepareForms() {
  for (const form of document.querySelectorAll("[data-parameters]")) showWhatCounts(form);
}

function showWhatCounts(form) {
  for (const control of form.querySelectorAll("[data-only-when]")) {
    const counts = control.dataset.onlyWhen.split(";").every((condition) => {
      const [name, values] = condition.split("=");
      return values.split("|").includes(form.elements[name].value);
    });
    control.closest(".field").hidden = !counts;
  }
}

document.addEventListener("htmx:afterSwap", (event) => {
  const select = event.target.closest?.("[data-picker] > select");
  const search = select?.parentElement.querySelector("[data-picker-search]");
  if (search && search === document.activeElement) openList(select);
});

document.addEventListener("keydown", (event) => {
  const picker = event.target.closest?.("[data-picker]");
  const select = picker?.querySelector("select");
  if (!picker || !["ArrowDown", "Enter", "Escape"].includes(event.key)) return;
  if (event.target.matches("[data-picker-search]")) {
    if (event.key === "Enter") event.preventDefault(); // it would save the form; the list is searched already
    if (event.key === "ArrowDown" && select) {
      event.preventDefault();
      openList(select);
      select.focus();
    }
  } else if (event.target === select && select.size > 1 && event.key !== "ArrowDown") {
    event.preventDefault();
    event.stopPropagation(); // Escape closes the list, not the dialog
    closeList(select);
  }
});

document.addEventListener("click", (event) => {
  const option = event.target.closest?.("[data-picker] > select option");
  if (option) closeList(option.closest("select"));
});

document.addEventListener("focusout", (event) => {
  const picker = event.target.closest?.("[data-picker]");
  const select = picker?.querySelector("select");
  if (select && !picker.contains(event.relatedTarget)) closeList(select);
});

function openList(select) {
  select.size = Math.min(Math.max(select.options.length, 2), 8);
}

function closeList(select) {
  select.removeAttribute("size");
}
