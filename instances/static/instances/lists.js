// Unfold's button for the filters is a link without an address, which the keyboard passes over.
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll('#changelist a:not([href])[x-on\\:click]')) {
      button.setAttribute("role", "button");
      button.setAttribute("tabindex", "0");
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("#changelist a[role=button]:not([href])")) {
      event.preventDefault();
      event.target.click();
    }
  });
})();
