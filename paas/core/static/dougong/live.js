/* Keeps parts of a page up to date: <div data-live="address of a stream of {html}">. The HTML is the server's own,
   escaped by its templates. It is laid over what is there, node by node: what is open, scrolled, selected or has the
   focus stays so. */
(() => {
  "use strict";

  const words = () => JSON.parse(document.getElementById("dg-words")?.textContent || "{}");

  const same = (one, other) =>
    one.nodeType === other.nodeType && one.nodeName === other.nodeName && (one.id || "") === (other.id || "");

  const attributes = (from, to) => {
    for (const { name } of [...from.attributes]) {
      // What is open is the reader's business.
      if (!to.hasAttribute(name) && !(name === "open" && from.nodeName === "DETAILS")) from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value && !(name === "open" && from.nodeName === "DETAILS")) from.setAttribute(name, value);
    }
  };

  const lay = (from, to) => {
    const named = new Map([...from.children].filter((each) => each.id).map((each) => [each.id, each]));
    let here = from.firstChild;
    for (const next of [...to.childNodes]) {
      const known = next.id ? named.get(next.id) : here;
      if (known && same(known, next)) {
        if (known === here) here = here.nextSibling;
        else from.insertBefore(known, here);
        if (known.nodeType !== Node.ELEMENT_NODE) {
          if (known.nodeValue !== next.nodeValue) known.nodeValue = next.nodeValue;
          continue;
        }
        attributes(known, next);
        lay(known, next);
      } else {
        from.insertBefore(next, here);
      }
    }
    while (here) {
      const gone = here;
      here = here.nextSibling;
      gone.remove();
    }
  };

  const put = (region, html) => {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    lay(region, fresh.content);
    region.dispatchEvent(new CustomEvent("live:put", { bubbles: true }));
  };

  const say = (region, word) => {
    const place = document.querySelector(`[data-live-word="${region.id}"]`);
    if (place && place.textContent !== word) place.textContent = word;
  };

  const follow = (region) => {
    const word = words();
    const source = new EventSource(region.dataset.live);
    source.addEventListener("open", () => say(region, word.live));
    source.addEventListener("state", (event) => put(region, JSON.parse(event.data).html));
    source.addEventListener("refused", (event) => {
      source.close();
      say(region, `${word.ended} ${JSON.parse(event.data).detail}`);
    });
    source.addEventListener("error", () => say(region, source.readyState === 2 ? word.reload : word.again));
    window.addEventListener("pagehide", () => source.close());
  };

  // How old a thing is goes on while nothing is sent: <time data-age datetime="…">2 minutes</time>.
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const age = () => {
    for (const each of document.querySelectorAll("time[data-age]")) {
      const seconds = (Date.now() - Date.parse(each.dateTime)) / 1000;
      const [unit, length] = UNITS.find(([, length]) => seconds >= length) || [];
      if (!unit) continue;
      const written = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" });
      const word = written.format(Math.floor(seconds / length));
      if (each.textContent !== word) each.textContent = word;
    }
  };

  document.addEventListener("click", (event) => {
    const asked = event.target.closest?.("[data-tree]");
    if (!asked) return;
    for (const each of document.querySelectorAll(".dg-tree details, .dg-graph details")) each.open = asked.dataset.tree === "open";
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const region of document.querySelectorAll("[data-live]")) follow(region);
    setInterval(age, 30000);
  });
})();
