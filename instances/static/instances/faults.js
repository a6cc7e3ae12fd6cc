// A button whose answer does not come says so. (What is polled has its own notice: live.js.)
(() => {
  "use strict";

  const SHOWN_FOR = 8000;

  const tell = (text) => {
    const notice = document.createElement("p");
    notice.className = "notice notice-danger fault-notice";
    notice.setAttribute("role", "alert");
    notice.textContent = text;
    (document.querySelector("dialog[open]") ?? document.body).append(notice);
    setTimeout(() => notice.remove(), SHOWN_FOR);
  };

  const isButton = (event) => event.target.matches?.(".verb-button");

  for (const lost of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(lost, (event) => {
      if (isButton(event)) {
        tell("The server did not answer. Try again.");
      }
    });
  }
  document.addEventListener("htmx:responseError", (event) => {
    if (isButton(event)) {
      const status = event.detail.xhr.status;
      tell(`The server refuses (${status}). Reload the page, then try again.`);
    }
  });
})();
