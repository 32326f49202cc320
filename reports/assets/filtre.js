// A field that keeps the indicators whose words hold all that is typed. Without this script the whole
// list is there.
(() => {
  "use strict";

  const main = document.querySelector("main");
  const lists = [...main.querySelectorAll("ul.indicateurs")];
  if (!lists.length) return;

  const bare = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const items = lists.flatMap((list) => [...list.children]);
  const words = new Map(items.map((item) => [item, bare(item.textContent)]));
  const sections = [...main.querySelectorAll("section")].filter((part) => part.querySelector("ul.indicateurs"));

  const form = document.createElement("form");
  form.className = "filtre";
  form.setAttribute("role", "search");
  form.innerHTML =
    '<label for="filtre-indicateurs">Chercher un indicateur</label>' +
    '<input id="filtre-indicateurs" type="search" autocomplete="off">' +
    '<p role="status"></p>';
  const field = form.querySelector("input");
  const status = form.querySelector("p");

  const filter = () => {
    const wanted = bare(field.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const kept = wanted.every((word) => words.get(item).includes(word));
      item.hidden = !kept;
      shown += kept;
    }
    for (const part of sections) part.hidden = !part.querySelector("ul.indicateurs > li:not([hidden])");
    const plural = shown > 1 ? "s" : "";
    status.textContent = wanted.length ? `${shown} indicateur${plural} trouvé${plural}` : "";
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", filter);
  sections[0].before(form);
})();
