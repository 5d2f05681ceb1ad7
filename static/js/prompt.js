/* A prompt's page. Without it the up and down buttons order the actions, and every parameter is shown.
 *
 * [data-sortable] > [draggable]     dropping a row submits the row's [data-move] button with its new place
 * [data-only-when="timing=now"]     the parameter is shown while the named ones have these values
 * select inside [data-parameters]   a long one gets a search field
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
  for (const form of document.querySelectorAll("[data-parameters]")) {
    showWhatCounts(form);
    for (const select of form.querySelectorAll("select")) addSearch(select);
  }
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

function addSearch(select) {
  if (select.options.length < 10 || select.dataset.searchable) return;
  select.dataset.searchable = "true";
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Search";
  search.setAttribute("aria-label", `Search: ${select.labels[0]?.textContent.trim() ?? ""}`);
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const option of select.options) {
      option.hidden = wanted !== "" && option.value !== "" && !option.text.toLowerCase().includes(wanted);
    }
    for (const group of select.querySelectorAll("optgroup")) {
      group.hidden = [...group.querySelectorAll("option")].every((option) => option.hidden);
    }
  });
  select.before(search);
}
