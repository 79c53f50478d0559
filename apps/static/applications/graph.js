/* The objects of an application as a table or drawn: the choice, which is remembered, and the lines of the drawing.
   A thing with data-leads-to="id id …" has a line to each of these; where one is closed away, to the group it is in. */
(() => {
  "use strict";

  const KEPT = "dougong.objects";
  const SVG = "http://www.w3.org/2000/svg";
  const root = document.documentElement;

  const remembered = () => {
    try {
      return localStorage.getItem(KEPT);
    } catch {
      return null; // a browser that keeps nothing
    }
  };

  const press = () => {
    for (const each of document.querySelectorAll("[data-objects-as]")) {
      each.setAttribute("aria-pressed", String(each.dataset.objectsAs === root.dataset.objects));
    }
  };

  const choose = (as) => {
    root.dataset.objects = as === "graph" ? "graph" : "table";
    try {
      localStorage.setItem(KEPT, root.dataset.objects);
    } catch {
      // it is chosen for this page then
    }
    press();
    draw();
  };

  const place = (id) => {
    const found = document.getElementById(id);
    if (!found) return null;
    if (found.nodeName === "DETAILS") return found.querySelector("summary");
    const group = found.closest("details");
    return group && !group.open ? group.querySelector("summary") : found;
  };

  const line = (from, to, base) => {
    const [one, other] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
    const [x1, y1] = [one.right - base.left, one.top + one.height / 2 - base.top];
    const [x2, y2] = [other.left - base.left, other.top + other.height / 2 - base.top];
    const bend = Math.max(12, (x2 - x1) / 2);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
    return path;
  };

  const drawOne = (picture) => {
    const canvas = picture.querySelector(".dg-edges");
    const base = picture.getBoundingClientRect();
    const drawn = new Map();
    for (const each of picture.querySelectorAll("[data-leads-to]")) {
      for (const id of each.dataset.leadsTo.split(" ").filter(Boolean)) {
        const [from, to] = [place(each.id), place(id)];
        if (from && to) drawn.set(`${from.closest("[id]").id} ${to.closest("[id]").id}`, [from, to]);
      }
    }
    canvas.setAttribute("width", picture.scrollWidth);
    canvas.setAttribute("height", picture.scrollHeight);
    canvas.replaceChildren(...[...drawn.values()].map(([from, to]) => line(from, to, base)));
  };

  const draw = () => {
    if (root.dataset.objects !== "graph") return;
    for (const each of document.querySelectorAll(".dg-picture")) drawOne(each);
  };

  root.dataset.objects = remembered() === "graph" ? "graph" : "table";
  document.addEventListener("click", (event) => {
    const asked = event.target.closest?.("[data-objects-as]");
    if (asked) choose(asked.dataset.objectsAs);
  });
  document.addEventListener("toggle", draw, true);
  document.addEventListener("live:put", () => {
    press();
    draw();
  });
  document.addEventListener("DOMContentLoaded", () => {
    press();
    draw();
    new ResizeObserver(draw).observe(document.body);
  });
})();
