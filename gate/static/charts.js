// Tooltips of charts: the table's row of the week under the pointer, or under the arrow keys. Escape closes.
"use strict";
for (const chart of document.querySelectorAll(".chart")) {
  const plots = chart.querySelector(".plots");
  if (!plots) continue;
  const heads = [...chart.querySelectorAll("thead th")].map((cell) => cell.textContent);
  const rows = [...chart.querySelectorAll("tbody tr")].reverse();
  const add = (name) => plots.appendChild(Object.assign(document.createElement("div"), { className: name, hidden: true }));
  const mark = add("tip-mark");
  const tip = add("tip");
  tip.setAttribute("role", "status");
  plots.tabIndex = 0;
  plots.setAttribute("role", "group");
  plots.setAttribute("aria-label", chart.querySelector("h2").textContent + ": arrow keys read the weeks");
  let week = -1;
  const area = () =>
    [...plots.querySelectorAll(".root > g > .background")].map((one) => one.getBoundingClientRect()).find((box) => box.width);
  const hide = () => {
    week = -1;
    tip.hidden = mark.hidden = true;
  };
  const show = (wanted) => {
    const box = area();
    if (!box) return;
    const frame = plots.getBoundingClientRect();
    week = Math.min(Math.max(wanted, 0), rows.length - 1);
    const left = box.left - frame.left + (box.width * (week + 0.5)) / rows.length;
    const text = [...rows[week].cells]
      .map((cell, index) => cell.textContent && heads[index] + (index ? ": " : " ") + cell.textContent)
      .filter(Boolean)
      .join("\n");
    if (tip.textContent !== text) tip.textContent = text;
    tip.hidden = mark.hidden = false;
    const over = left + 12 + tip.offsetWidth > frame.width;
    tip.style.left = Math.max(0, over ? left - 12 - tip.offsetWidth : left + 12) + "px";
    Object.assign(mark.style, { left: left + "px", top: box.top - frame.top + "px", height: box.height + "px" });
  };
  const point = (event) => {
    const box = area();
    if (box) show(Math.floor(((event.clientX - box.left) / box.width) * rows.length));
  };
  plots.onpointermove = plots.onpointerdown = point;
  plots.onpointerleave = (event) => event.pointerType === "mouse" && hide();
  plots.onblur = hide;
  plots.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) show(week < 0 ? rows.length - 1 : week + step);
  };
  document.addEventListener("pointerdown", (event) => plots.contains(event.target) || hide());
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}
