/* Keeps parts of a page up to date: <div data-live="address of a stream of {html}">. The HTML is the server's own,
   escaped by its templates. What is open or has the focus stays so. */
(() => {
  "use strict";

  const put = (region, html) => {
    const open = new Set([...region.querySelectorAll("details[open][id]")].map((each) => each.id));
    const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    for (const each of fresh.content.querySelectorAll("details[id]")) each.open = open.has(each.id);
    region.replaceChildren(fresh.content);
    if (focused) document.getElementById(focused)?.focus();
  };

  const say = (region, word) => {
    const place = document.querySelector(`[data-live-word="${region.id}"]`);
    if (place && place.textContent !== word) place.textContent = word;
  };

  const follow = (region) => {
    const source = new EventSource(region.dataset.live);
    source.addEventListener("open", () => say(region, "Live"));
    source.addEventListener("state", (event) => put(region, JSON.parse(event.data).html));
    source.addEventListener("refused", (event) => {
      source.close();
      say(region, `No longer live: ${JSON.parse(event.data).detail}`);
    });
    source.addEventListener("error", () => say(region, source.readyState === 2 ? "Not live: reload" : "Connecting again…"));
    window.addEventListener("pagehide", () => source.close());
  };

  for (const region of document.querySelectorAll("[data-live]")) follow(region);
})();
