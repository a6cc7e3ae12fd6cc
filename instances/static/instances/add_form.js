// The browser refuses to submit a name that the server has called bad while it was typed.
(() => {
  "use strict";

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "name-check") {
      const problem = event.target.querySelector("[data-problem]")?.dataset.problem ?? "";
      document.getElementById("id_name").setCustomValidity(problem);
    }
  });

  // What was said about an earlier text holds no longer.
  document.addEventListener("input", (event) => {
    if (event.target.id === "id_name") {
      event.target.setCustomValidity("");
      document.getElementById("name-check").replaceChildren();
    }
  });

  // The browser's own autofocus comes while Unfold still hides the page.
  document.addEventListener("alpine:initialized", () => {
    queueMicrotask(() => document.querySelector("[autofocus]")?.focus());
  });

  document.addEventListener("DOMContentLoaded", () => {
    const check = document.getElementById("name-check");
    if (check) {
      check.closest("form").noValidate = false;
    }
  });
})();
