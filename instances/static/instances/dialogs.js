// A verb's button fetches its dialog; it opens when it has come, and closes by "Back" or Escape.
(() => {
  "use strict";

  // The focus comes back to the menu's button when the dialog closes: the verb is hidden then.
  const closeMenu = (menu) => {
    if (menu) {
      menu.hidePopover();
      document.querySelector(`[popovertarget="${menu.id}"]`).focus();
    }
  };

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "verb-dialog") {
      closeMenu(event.detail.requestConfig.triggeringEvent?.target.closest("[popover]"));
      event.detail.target.showModal();
    }
  });

  // A selection of text that ends outside is no click outside.
  let pressed = null;
  document.addEventListener("pointerdown", (event) => (pressed = event.target));

  document.addEventListener("click", (event) => {
    const dialog = document.getElementById("verb-dialog");
    const isOutside = event.target === dialog && pressed === dialog;
    if (dialog && (isOutside || event.target.closest("[data-close-dialog]"))) {
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
