// Search of a commune by its name, as a combobox (ARIA 1.2): type, arrows, Enter. The index is a script
// beside the page, loaded when the search is first used, so that it works from the file system.
(() => {
  "use strict";

  const MOST = 12;
  const ENTRY = `
    <label for="commune-nom">Nom de la commune</label>
    <div class="communes-champ">
      <input id="commune-nom" type="text" role="combobox" aria-autocomplete="list" aria-expanded="false"
        aria-controls="commune-liste" aria-describedby="commune-aide" autocomplete="off" spellcheck="false">
      <ul id="commune-liste" role="listbox" aria-label="Communes" hidden></ul>
    </div>
    <p id="commune-aide"></p>
    <p class="communes-nombre" role="status"></p>
    <div class="communes-reponse" aria-live="polite"></div>`;

  // « St Calais », « saint-calais » and « Saint Calais » are one.
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
    .replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/[^a-z0-9]+/g, " ").trim()
    .replace(/\bst\b/g, "saint").replace(/\bste\b/g, "sainte");

  const load = (address) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(globalThis.observatoireCommunes);
    script.onerror = reject;
    document.head.append(script);
  });

  // Names that begin with the words typed, then those with a word that does, then the others.
  const found = (communes, typed) => {
    const sought = plain(typed);
    if (!sought) return [];
    const ranked = [[], [], []];
    for (const commune of communes) {
      if (!commune.key.includes(sought)) continue;
      const rank = commune.key.startsWith(sought) ? 0 : ` ${commune.key}`.includes(` ${sought}`) ? 1 : 2;
      ranked[rank].push(commune);
    }
    return ranked.flat();
  };

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  const search = (block) => {
    block.innerHTML = ENTRY;
    const input = block.querySelector("input");
    const list = block.querySelector("ul");
    const status = block.querySelector("[role=status]");
    const answer = block.querySelector(".communes-reponse");
    block.querySelector("#commune-aide").textContent = block.dataset.help;
    let index = null;
    let shown = [];
    let active = -1;

    const ready = () => {
      index ??= load(block.dataset.index).then((content) => {
        const communes = content.communes.map(([name, ...held]) => ({ name, held, key: plain(name) }));
        return { ...content, communes };
      });
      return index;
    };

    const close = () => {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };

    const activate = (place) => {
      active = place;
      [...list.children].forEach((option, rank) => {
        option.setAttribute("aria-selected", String(rank === active));
      });
      const option = list.children[active];
      if (option) {
        input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      } else {
        input.removeAttribute("aria-activedescendant");
      }
    };

    const choose = async (commune) => {
      const { roles, lieux } = await ready();
      input.value = commune.name;
      close();
      status.textContent = "";
      const links = element("ul");
      commune.held.forEach((place, role) => {
        const item = element("li", `${roles[role]}\u202f: `);
        if (place < 0) item.append("aucune");
        else item.append(element("a", lieux[place][0], { href: lieux[place][1] }));
        links.append(item);
      });
      answer.replaceChildren(element("p", commune.name), links);
    };

    const label = (commune, lieux) => `${commune.name} (${lieux[commune.held.at(-1)][0]})`;

    const update = async () => {
      const typed = input.value;
      const { communes, lieux } = await ready();
      if (typed !== input.value) return;
      const all = found(communes, typed);
      shown = all.slice(0, MOST);
      list.replaceChildren(...shown.map((commune, rank) => element("li", label(commune, lieux), {
        role: "option", id: `commune-${rank}`, "aria-selected": "false",
      })));
      answer.replaceChildren();
      const told = all.length > MOST ? `, les ${MOST} premières sont proposées` : "";
      const count = all.length ? `${all.length} commune${all.length > 1 ? "s" : ""}${told}` : "Aucune commune de ce nom";
      status.textContent = plain(typed) ? count : "";
      if (!shown.length) return close();
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      activate(-1);
    };

    input.addEventListener("focus", ready, { once: true });
    input.addEventListener("input", update);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", async (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        if (list.hidden) await update();
        if (shown.length && !list.hidden) {
          const from = active < 0 && step < 0 ? 0 : active;
          activate((from + step + shown.length) % shown.length);
        }
      } else if (event.key === "Enter" && !list.hidden) {
        event.preventDefault();
        choose(shown[Math.max(active, 0)]);
      } else if (event.key === "Escape") {
        if (list.hidden) input.value = "";
        close();
      }
    });
    // The option is chosen before the input loses the focus.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("li");
      if (option) choose(shown[[...list.children].indexOf(option)]);
    });
  };

  document.querySelectorAll(".communes").forEach(search);
})();
