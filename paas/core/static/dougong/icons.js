/* Icons are words that a font draws. Beside other words they are hidden from who listens to a page, so that a button is
   called "Deploy" and not "rocket_launch Deploy"; one that stands alone stays the name of what it is in. */
(() => {
  "use strict";

  const ICON = ".material-symbols-outlined";

  const words = (owner) => {
    const told = owner.cloneNode(true);
    for (const each of told.querySelectorAll(ICON)) each.remove();
    return told.textContent.trim() || owner.getAttribute("aria-label") || owner.title;
  };

  const hide = () => {
    for (const icon of document.querySelectorAll(`${ICON}:not([aria-hidden])`)) {
      const owner = icon.closest("a, button, summary, label, [role=button]") || icon.parentElement;
      if (words(owner)) icon.ariaHidden = "true";
    }
  };

  document.addEventListener("DOMContentLoaded", hide);
  document.addEventListener("live:put", hide);
})();
