/* The keyboard palette: Ctrl-K or / opens it (on a list, / goes to the list's own search), arrows choose, Enter goes,
   Escape closes. A combobox with a list, as the ARIA practices have it. Also tells the server the reader's time zone,
   by a cookie. */
(() => {
  "use strict";

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const secure = location.protocol === "https:" ? "; secure" : "";
  if (zone) document.cookie = `dougong_zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax${secure}`;

  document.addEventListener("DOMContentLoaded", () => {
    const dialog = document.getElementById("palette");
    if (!dialog) return;
    const input = dialog.querySelector("input");
    const list = dialog.querySelector("[role=listbox]");
    const told = dialog.querySelector("[role=status]");
    const words = JSON.parse(document.getElementById("dg-words").textContent);
    let chosen = -1;
    let asked = 0;
    let waiting = 0;

    const options = () => [...list.querySelectorAll("[role=option]")];

    const choose = (place) => {
      const all = options();
      chosen = all.length ? (place + all.length) % all.length : -1;
      all.forEach((each, index) => each.setAttribute("aria-selected", String(index === chosen)));
      if (chosen < 0) return input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    };

    const piece = (name, text, style) => {
      const made = document.createElement(name);
      made.textContent = text;
      if (style) made.className = style;
      return made;
    };

    const option = (hit, index) => {
      const made = piece("div", "");
      made.id = `palette-${index}`;
      made.setAttribute("role", "option");
      made.dataset.href = hit.href;
      const icon = piece("span", hit.icon, "material-symbols-outlined");
      icon.setAttribute("aria-hidden", "true");
      const name = piece("span", hit.title);
      if (hit.detail) name.append(piece("span", ` ${hit.detail}`, "text-xs"));
      made.append(icon, name, piece("span", ` ${hit.kind}`, "text-xs"));
      made.addEventListener("click", () => location.assign(hit.href));
      return made;
    };

    const look = async () => {
      const mine = ++asked;
      let hits;
      try {
        const answer = await fetch(`${dialog.dataset.palette}?q=${encodeURIComponent(input.value)}`);
        if (!answer.ok) throw new Error(String(answer.status));
        hits = (await answer.json()).hits;
      } catch {
        if (mine === asked) told.textContent = words.unreachable;
        return;
      }
      if (mine !== asked) return;
      list.replaceChildren(...hits.map(option));
      told.textContent = hits.length ? words.found.replace("%s", hits.length) : words.nothing;
      choose(0);
    };

    const open = () => {
      if (dialog.open) return;
      input.value = "";
      list.replaceChildren();
      dialog.showModal();
      look();
    };

    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable=true]");
      const shortcut = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
      const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (!shortcut && (!slash || typing || document.getElementById("searchbar"))) return;
      event.preventDefault();
      open();
    });
    for (const each of document.querySelectorAll("[data-palette-open]")) each.addEventListener("click", open);

    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(look, 120);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") choose(chosen + 1);
      else if (event.key === "ArrowUp") choose(chosen - 1);
      else if (event.key === "Enter" && chosen >= 0) location.assign(options()[chosen].dataset.href);
      else return;
      event.preventDefault();
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  });
})();
