// A verb's button fetches its dialog; it opens when it has come, and closes by "Back" or Escape.
(() => {
  "use strict";

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "verb-dialog") {
      event.detail.target.showModal();
    }
  });

  document.addEventListener("click", (event) => {
    const dialog = document.getElementById("verb-dialog");
    if (dialog && (event.target === dialog || event.target.closest("[data-close-dialog]"))) {
      dialog.close();
    }
  });

  // A link that is a button is pressed with the space bar too.
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches("a[role=button]")) {
      event.preventDefault();
      event.target.click();
    }
  });
})();
