// Copy buttons, and keys that hide again after a while or when the page is left.
(() => {
  "use strict";

  const hide = (revealed) => {
    const place = revealed.closest(".key");
    const hidden = place.querySelector("template").content.cloneNode(true);
    const hadFocus = place.contains(document.activeElement);
    place.replaceChildren(hidden);
    htmx.process(place);
    if (hadFocus) {
      place.querySelector("button")?.focus();
    }
  };

  const hideAll = () => document.querySelectorAll("[data-hide-after]").forEach(hide);

  // By the clock: a timer stands still while the machine sleeps.
  const hideWhatIsDue = () => {
    for (const revealed of document.querySelectorAll("[data-hide-at]")) {
      if (Date.now() >= Number(revealed.dataset.hideAt)) {
        hide(revealed);
      }
    }
  };
  setInterval(hideWhatIsDue, 500);
  document.addEventListener("visibilitychange", hideWhatIsDue);

  document.addEventListener("htmx:afterSettle", (event) => {
    const revealed = event.target.querySelector?.("[data-hide-after]");
    if (revealed && event.target.matches(".key")) {
      revealed.dataset.hideAt = Date.now() + revealed.dataset.hideAfter * 1000;
      revealed.querySelector("button")?.focus();
    }
  });
  window.addEventListener("pagehide", hideAll);

  const copy = async (text) => {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return;
    }
    // Without TLS there is no clipboard but this.
    const focused = document.activeElement;
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    focused.focus();
    if (!isCopied) {
      throw new Error("The browser has not copied it.");
    }
  };

  // Readers of the screen hear what becomes of a copy; it has to be there before.
  const outcome = document.createElement("p");
  outcome.className = "unseen";
  outcome.setAttribute("role", "status");
  document.addEventListener("DOMContentLoaded", () => document.body.append(outcome));

  const confirmCopy = (button, icon, text) => {
    const shown = button.querySelector("span");
    shown.textContent = icon;
    outcome.textContent = text;
    setTimeout(() => {
      shown.textContent = "content_copy";
      outcome.textContent = "";
    }, 1500);
  };

  document.addEventListener("click", (event) => {
    const revealed = event.target.closest("[data-hide-key]")?.closest("[data-hide-after]");
    if (revealed) {
      hide(revealed);
    }
    const button = event.target.closest("[data-copy]");
    if (button) {
      copy(button.dataset.copy).then(
        () => confirmCopy(button, "check", "Copied."),
        () => confirmCopy(button, "error", "It could not be copied."),
      );
    }
  });
})();
