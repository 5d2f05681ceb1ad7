/* Conveniences on top of pages that work without them.
 *
 * <dialog id="dialog">       opens whenever HTMX puts something into it (hx-target="#dialog")
 * data-dialog-close          closes the dialog that the button is in
 * data-copy="#id"            copies the text of that element
 * details.menu               closes on Escape and on a click elsewhere
 * #request-failed            shows when a request of HTMX's had no usable answer
 */
"use strict";

document.documentElement.classList.add("scripted");

document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.detail.target.closest("dialog");
  if (dialog && !dialog.open) dialog.showModal();
});

document.addEventListener("click", (event) => {
  const closing = event.target.closest("[data-dialog-close]");
  const dialog = closing?.closest("dialog");
  if (dialog) {
    event.preventDefault();
    dialog.close();
  }

  const copying = event.target.closest("[data-copy]");
  if (copying) copy(copying);

  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest("details.menu[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("htmx:beforeRequest", () => tellOfFailure(false));
document.addEventListener("htmx:responseError", () => tellOfFailure(true));
document.addEventListener("htmx:sendError", () => tellOfFailure(true));

function tellOfFailure(failed) {
  document.querySelector("#request-failed").hidden = !failed;
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
  button.querySelector("[data-copy-label]").textContent = "Copied";
}
