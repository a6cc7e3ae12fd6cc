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

  document.addEventListener("htmx:afterSettle", (event) => {
    const revealed = event.target.querySelector?.("[data-hide-after]");
    if (revealed && event.target.matches(".key")) {
      setTimeout(() => revealed.isConnected && hide(revealed), revealed.dataset.hideAfter * 1000);
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
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };

  const confirmCopy = (button, icon) => {
    const shown = button.querySelector("span");
    shown.textContent = icon;
    setTimeout(() => (shown.textContent = "content_copy"), 1500);
  };

  document.addEventListener("click", (event) => {
    const revealed = event.target.closest("[data-hide-key]")?.closest("[data-hide-after]");
    if (revealed) {
      hide(revealed);
    }
    const button = event.target.closest("[data-copy]");
    if (button) {
      copy(button.dataset.copy).then(
        () => confirmCopy(button, "check"),
        () => confirmCopy(button, "error"),
      );
    }
  });
})();
