/* The logs page: lines of a stream in the order of their times, the last two thousand, each pod in a colour of its own.
   Where there are more, those of the pod that has the most go first, so that one that writes much hides no other. */
(() => {
  "use strict";

  const MOST = 2000;
  const COLOURS = 6;
  const said = (id) => JSON.parse(document.getElementById(id).textContent);
  const words = { ...said("dg-words"), ...said("dg-logs-words") };
  const list = document.querySelector("[data-logs]");
  const word = document.querySelector("[data-logs-word]");
  const pause = document.querySelector("[data-logs-pause]");
  const filter = document.querySelector("[data-logs-filter]");
  const meant = new URLSearchParams(location.search).get("since");
  // Of each pod its lines, oldest first; {at, row, text}.
  const pods = new Map();
  let count = 0;
  let found = false;
  let held = false;
  let arrived = [];
  let drawing = 0;

  /* Without its Z a whole second sorts before its fractions. */
  const moment = (line) => line.at.replace("Z", "");
  const byTime = (one, other) => (moment(one) < moment(other) ? -1 : Number(moment(one) > moment(other)));

  /* In the reader's zone, as the console tells every time. */
  const clock = (line) => line.at && new Date(line.at).toLocaleTimeString("en-GB");

  /* The address of this page from this line on. */
  const link = (at) => {
    const address = new URL(location.href);
    address.searchParams.set("since", at);
    return address.href;
  };

  const drawn = (line) => {
    const row = document.createElement("div");
    const where = document.createElement(line.at ? "a" : "span");
    where.className = `dg-where dg-pod-${line.colour}`;
    where.textContent = [clock(line), line.cluster, line.pod, line.release].filter(Boolean).join(" ");
    if (line.at) {
      where.href = link(line.at);
      where.title = words.link;
    }
    row.append(where, ` ${line.dropped ? `(${line.dropped} ${words.left_out})` : line.line}`);
    if (line.at && line.at === meant) row.className = "dg-meant";
    return row;
  };

  const fits = ({ row }) => {
    row.hidden = filter.value !== "" && !row.textContent.toLowerCase().includes(filter.value.toLowerCase());
  };

  const forgetOne = () => {
    let longest = null;
    for (const lines of pods.values()) if (!longest || lines.length > longest.length) longest = lines;
    const oldest = longest.shift();
    oldest.gone = true;
    if (oldest.row) oldest.row.remove();
    count -= 1;
  };

  const keep = (line) => {
    const key = `${line.cluster}/${line.pod}`;
    const lines = pods.get(key) ?? pods.set(key, []).get(key);
    line.colour = lines.colour ??= (pods.size - 1) % COLOURS;
    lines.push(line);
    count += 1;
    while (count > MOST) forgetOne();
  };

  /* Before the first shown line that is younger; what has no time stands where it came. */
  const place = (line) => {
    line.row = drawn(line);
    line.row.dataset.at = moment(line);
    fits(line);
    let after = list.lastElementChild;
    while (line.at && after && after.dataset.at > moment(line)) after = after.previousElementSibling;
    if (after) after.after(line.row);
    else list.prepend(line.row);
  };

  const draw = () => {
    drawing = 0;
    const below = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const lines = arrived.filter(({ gone }) => !gone);
    arrived = [];
    for (const line of lines.sort(byTime)) place(line);
    const row = found ? null : list.querySelector(".dg-meant");
    if (row) {
      found = true;
      row.scrollIntoView({ block: "center" });
    } else if (below) list.scrollTop = list.scrollHeight;
  };

  const soon = () => {
    if (!held && !drawing && arrived.length) drawing = requestAnimationFrame(draw);
  };

  pause.addEventListener("click", () => {
    held = !held;
    pause.setAttribute("aria-pressed", String(held));
    pause.querySelector("[data-logs-pause-word]").textContent = held ? words.go_on : words.pause;
    soon();
  });

  filter.addEventListener("input", () => {
    for (const lines of pods.values()) lines.filter(({ row }) => row).forEach(fits);
  });

  document.querySelector("[data-logs-download]").addEventListener("click", () => {
    const lines = [...pods.values()].flat().filter(({ row }) => !row || !row.hidden);
    const text = lines.sort(byTime).map(({ at, cluster, pod, release, line }) => [at, `${cluster}/${pod}`, release, line].filter(Boolean).join(" ") + "\n");
    const address = URL.createObjectURL(new Blob(text, { type: "text/plain" }));
    const anchor = document.createElement("a");
    anchor.href = address;
    anchor.download = "logs.txt";
    anchor.click();
    URL.revokeObjectURL(address);
  });

  const source = new EventSource(list.dataset.logs);
  source.addEventListener("open", () => {
    // After a break the last lines come again.
    pods.clear();
    arrived = [];
    count = 0;
    list.replaceChildren();
    word.textContent = words.live;
  });
  source.addEventListener("line", (event) => {
    const line = JSON.parse(event.data);
    keep(line);
    arrived.push(line);
    // While paused no more wait than are kept.
    if (arrived.length > 2 * MOST) arrived = arrived.filter(({ gone }) => !gone);
    soon();
  });
  source.addEventListener("ended", () => {
    source.close();
    word.textContent = words.all;
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
