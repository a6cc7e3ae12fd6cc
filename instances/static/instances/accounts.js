// Django's two-list chooser names an icon that has no role, so that the name may not be read.
(() => {
  "use strict";

  const giveRoles = () => {
    for (const icon of document.querySelectorAll(".search-label-icon[aria-label]")) {
      icon.setAttribute("role", "img");
    }
  };

  // The chooser is made when the page has loaded; this comes after it.
  window.addEventListener("load", () => setTimeout(giveRoles));
})();
