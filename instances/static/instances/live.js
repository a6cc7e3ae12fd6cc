// The page of an operation: ticking times, new log lines, and word of a lost connection.
(() => {
  "use strict";

  const STATUS = "operation-status";

  const inWords = (seconds) =>
    seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;

  const timeOf = ({ countdown, elapsed, about }, passed) => {
    if (elapsed !== undefined) {
      return inWords(Math.round(Number(elapsed) + passed));
    }
    const left = Math.round(countdown - passed);
    return left > 0 ? (about ?? "") + inWords(left) : "a moment";
  };

  const tick = () => {
    const now = Date.now();
    for (const shown of document.querySelectorAll("[data-countdown], [data-elapsed]")) {
      // Counted from when it came to the page, by this machine's clock alone.
      shown.dataset.since ??= now;
      shown.textContent = timeOf(shown.dataset, (now - Number(shown.dataset.since)) / 1000);
    }
  };

  const tell = (problem) => {
    const place = document.getElementById("connection");
    if (place && (place.hidden === Boolean(problem) || place.textContent !== problem)) {
      place.textContent = problem;
      place.hidden = !problem;
    }
  };

  // A copy that htmx does not know asks for nothing, and its times stand still.
  const stop = () => {
    const status = document.getElementById(STATUS);
    status.replaceWith(status.cloneNode(true));
    for (const shown of document.querySelectorAll("#operation [data-elapsed]")) {
      delete shown.dataset.elapsed;
    }
  };

  const tellRefusal = (status) => {
    if (status === 403 || status === 404) {
      stop();
      tell("You may not see this any more, or it is gone. Reload the page.");
    } else {
      tell(`The server answers with an error (${status}). Trying again …`);
    }
  };

  const isUpdate = (event) => event.target.id === STATUS;

  setInterval(tick, 500);
  document.addEventListener("htmx:afterSettle", tick);

  for (const lost of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(lost, (event) => {
      if (isUpdate(event)) {
        tell("The connection is lost. What you see may be out of date; trying again …");
      }
    });
  }
  document.addEventListener("htmx:responseError", (event) => {
    if (isUpdate(event)) {
      tellRefusal(event.detail.xhr.status);
    }
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (isUpdate(event) && event.detail.xhr.status < 400) {
      tell("");
    }
  });

  // Readers of the screen hear what is new, once: the parts themselves come anew each time.
  const announce = () => {
    const place = document.getElementById("announcement");
    const parts = document.querySelectorAll(`#${STATUS} [data-announce]`);
    const text = [...parts].map((part) => part.textContent.trim()).join(". ");
    if (place && place.textContent !== text) {
      place.textContent = text;
    }
  };
  document.addEventListener("htmx:afterSettle", announce);

  // The log stays at its end, unless somebody reads further up.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const log = event.detail.target;
    if (log.id === "operation-log") {
      log.dataset.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40 ? "yes" : "";
    }
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const log = event.detail.target;
    if (log.id === "operation-log" && log.dataset.atEnd) {
      log.scrollTop = log.scrollHeight;
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    const log = document.getElementById("operation-log");
    if (log) {
      log.scrollTop = log.scrollHeight;
    }
    tick();
    announce();
  });
})();
