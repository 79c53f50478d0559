/* The logs page: lines of a stream, the last two thousand, with a pause. */
(() => {
  "use strict";

  const MOST = 2000;
  const words = JSON.parse(document.getElementById("dg-words").textContent);
  const list = document.querySelector("[data-logs]");
  const word = document.querySelector("[data-logs-word]");
  const pause = document.querySelector("[data-logs-pause]");
  let held = null;

  const line = ({ cluster, pod, at, line: text }) => {
    const row = document.createElement("div");
    const where = document.createElement("span");
    where.className = "dg-where";
    where.textContent = [at.slice(11, 19), cluster, pod].filter(Boolean).join(" ");
    row.append(where, ` ${text}`);
    return row;
  };

  const show = (rows) => {
    const below = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(...rows);
    while (list.childElementCount > MOST) list.firstElementChild.remove();
    if (below) list.scrollTop = list.scrollHeight;
  };

  pause.addEventListener("click", () => {
    const rows = held;
    held = held ? null : [];
    pause.setAttribute("aria-pressed", String(held !== null));
    pause.querySelector("[data-logs-pause-word]").textContent = held ? words.go_on : words.pause;
    if (rows) show(rows);
  });

  const source = new EventSource(list.dataset.logs);
  source.addEventListener("open", () => {
    // After a break the last lines come again.
    list.replaceChildren();
    word.textContent = words.live;
  });
  source.addEventListener("line", (event) => {
    const row = line(JSON.parse(event.data));
    if (held === null) show([row]);
    else if (held.push(row) > MOST) held.shift();
  });
  source.addEventListener("refused", (event) => {
    source.close();
    word.textContent = `${words.ended} ${JSON.parse(event.data).detail}`;
  });
  source.addEventListener("error", () => {
    word.textContent = source.readyState === 2 ? words.reload : words.again;
  });
  window.addEventListener("pagehide", () => source.close());
})();
