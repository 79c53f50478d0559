/* How close the rows of tables stand: a button in the header, remembered by the browser. */
(() => {
  "use strict";

  const KEY = "dougong-density";
  const root = document.documentElement;
  if (localStorage.getItem(KEY) === "dense") root.dataset.density = "dense";

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-density-switch]")) {
      const tell = () => button.setAttribute("aria-pressed", String(root.dataset.density === "dense"));
      button.addEventListener("click", () => {
        if (root.dataset.density) delete root.dataset.density;
        else root.dataset.density = "dense";
        localStorage.setItem(KEY, root.dataset.density || "");
        tell();
      });
      tell();
    }
  });
})();
