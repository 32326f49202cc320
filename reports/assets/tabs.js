// Makes tabs of the panels of the fallback renderer; without it they stand one under the other.
(() => {
  "use strict";

  const select = (tabs, chosen) => {
    for (const [tab, panel] of tabs) {
      const selected = tab === chosen;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      panel.hidden = !selected;
    }
  };

  const move = (tabs, event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const order = [...tabs.keys()];
    const next = order[(order.indexOf(event.target) + step + order.length) % order.length];
    select(tabs, next);
    next.focus();
    event.preventDefault();
  };

  for (const set of document.querySelectorAll(".panel-tabset")) {
    const tabs = new Map();
    const list = document.createElement("div");
    list.className = "tab-list";
    list.setAttribute("role", "tablist");
    for (const panel of set.querySelectorAll(":scope > .tab-panel")) {
      const title = panel.querySelector(":scope > .tab-title");
      const tab = document.createElement("button");
      tab.type = "button";
      tab.id = `${panel.id}-titre`;
      tab.textContent = title.textContent;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      title.hidden = true;
      tab.addEventListener("click", () => select(tabs, tab));
      list.append(tab);
      tabs.set(tab, panel);
    }
    list.addEventListener("keydown", (event) => move(tabs, event));
    set.prepend(list);
    select(tabs, list.firstElementChild);
  }
})();
