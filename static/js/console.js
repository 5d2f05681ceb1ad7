/* Three conveniences on top of pages that work without it: dialogs filled by HTMX, Copy buttons, menus that close.
 *
 * data-dialog-close          closes the dialog that the button is in
 * data-copy="#id"            copies the text of that element
 * <dialog id="dialog">       opens whenever HTMX puts something into it (hx-target="#dialog")
 */
"use strict";

document.documentElement.classList.add("scripted");

document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.detail.target.closest("dialog");
  if (dialog && !dialog.open) dialog.showModal();
});

document.addEventListener("click", (event) => {
  const closing = event.target.closest("[data-dialog-close]");
  if (closing) {
    event.preventDefault();
    closing.closest("dialog")?.close();
  }

  const copying = event.target.closest("[data-copy]");
  if (copying) copy(copying);

  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
  const label = button.querySelector("[data-copy-label]");

  label.textContent = "Copied";

}
