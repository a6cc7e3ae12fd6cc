// The menu of a row is drawn above everything else, beside its button wherever that moves to.
(() => {
  "use strict";

  const GAP = 4;

  const place = (menu) => {
    const button = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
    const isLow = button.bottom > innerHeight / 2;
    menu.style.right = `${Math.max(document.documentElement.clientWidth - button.right, GAP)}px`;
    menu.style.top = isLow ? "auto" : `${button.bottom + GAP}px`;
    menu.style.bottom = isLow ? `${innerHeight - button.top + GAP}px` : "auto";
  };

  const placeAll = () => document.querySelectorAll(".menu:popover-open").forEach(place);

  // These do not bubble.
  document.addEventListener(
    "beforetoggle",
    (event) => {
      if (event.target.matches(".menu") && event.newState === "open") {
        place(event.target);
      }
    },
    true,
  );
  for (const moved of ["scroll", "resize"]) {
    window.addEventListener(moved, placeAll, true);
  }
})();
