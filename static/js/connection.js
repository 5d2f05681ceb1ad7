/* Shows the mode of a key as it is pasted. The server reads it from the key again. */
"use strict";

const key = document.querySelector("#id_api_key");
const note = document.querySelector("[data-key-mode]");

key?.addEventListener("input", () => {
  const mode = /^(?:sk|rk)_(live|test)_/.exec(key.value.trim())?.[1];
  note.textContent = mode ? `This is a ${mode}-mode key.` : "";
  const choice = document.querySelector(`input[name="mode"][value="${mode}"]`);
  if (choice) choice.checked = true;
});
