// The explorer: what is chosen stands in the address (#population=…&indicateur=…), so that a view can
// be sent and the back button works. Data are scripts loaded when needed: no server, no request
// elsewhere. Without this script the page lists the pages of all indicators.
(() => {
  "use strict";

  const { element, render } = globalThis.explorer.view;
  const { WHOLE, ALL, model, scripts, choices, lower, quoted, colon, count } = globalThis.explorer.model;
  const place = document.getElementById("explorateur");
  const populations = JSON.parse(place.dataset.populations);
  const NAMES = {
    population: "population", indicator: "indicateur", by: "par", line: "element", domain: "domaine",
    answer: "reponse", edition: "edition",
  };
  const QUICK = 1000; // milliseconds: a run of arrow keys in the list leaves one step in the history
  const UNREAD = "Les données de cette vue n’ont pas pu être lues. Rechargez la page.";
  const pageTitle = document.title;
  const heading = document.querySelector("main h1").textContent;

  globalThis.explorerData ??= {};
  const loading = new Map();
  const load = (name) => {
    if (!loading.has(name)) {
      loading.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `${place.dataset.scripts}${name}.js`;
        script.onload = () => resolve(globalThis.explorerData[name]);
        script.onerror = () => {
          loading.delete(name);
          reject(new Error(name));
        };
        document.head.append(script);
      }));
    }
    return loading.get(name);
  };

  // Address --------------------------------------------------------------------------------------

  const read = () => {
    const found = new URLSearchParams(location.hash.slice(1));
    return Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, found.get(name)]));
  };

  const written = (wanted) =>
    "#" + Object.entries(NAMES).filter(([key]) => wanted[key])
      .map(([key, name]) => `${name}=${encodeURIComponent(wanted[key])}`).join("&");

  // What was asked, mended into what exists; `notes` say what could not be followed.
  const resolved = (wanted, catalogue) => {
    const notes = [];
    const pick = (list, value, what) => {
      const found = list.find((one) => one === value) ?? list[0];
      if (value && found !== value) notes.push(what);
      return found;
    };
    const coded = (code) => catalogue.indicators.find((one) => one.code === code);
    const indicator = coded(wanted.indicator) ?? coded(catalogue.start);
    if (wanted.indicator && indicator.code !== wanted.indicator) {
      notes.push("Cet indicateur n’existe pas dans cette population.");
    }
    const editions = editionChoices(catalogue, indicator).map(([value]) => value);
    const edition = pick(editions, wanted.edition, "Cet indicateur n’est pas publié pour l’édition demandée.");
    const types = catalogue.breakdowns.map((one) => one.type);
    const usual = indicator.lines.length || types.length < 2 ? WHOLE : types.find((type) => type !== WHOLE);
    const by = pick([usual, ...types], wanted.by, "Ce détail n’existe pas dans cette population.");
    const { lines, answers } = choices(indicator, by);
    const worded = answers[indicator.answer]?.[0] ?? null;
    const [line, answer] = [[lines, wanted.line], [answers, wanted.answer ?? worded]].map(
      ([list, value]) => (list.find(([code]) => code === value) ?? list[0] ?? [null, null]));
    const breakdown = catalogue.breakdowns.find((one) => one.type === by);
    const whole = catalogue.breakdowns.find((one) => one.type === WHOLE);
    const domains = line[0] === ALL ? breakdown.domains : [];
    const domain = (domains.find(([code]) => code === wanted.domain) ?? domains[0] ?? [null])[0];
    return {
      catalogue, indicator, by, breakdown, whole, edition, lines, answers, domains, domain, worded, notes,
      years: edition.split("-"), line: line[0], lineLabel: line[1], answer: answer[0], answerLabel: answer[1],
    };
  };

  const chosen = (view) => ({
    population: view.catalogue.population, indicator: view.indicator.code, by: view.by,
    line: view.line, domain: view.domain, answer: view.answer, edition: view.edition,
  });

  // The editions that publish something of an indicator, the last first, then the pairs to compare.
  const editionChoices = ({ sources }, { shown }) => {
    const years = Object.keys(shown).filter((year) => shown[year].length).reverse();
    const known = years.length ? years : Object.keys(shown).reverse();
    const pairs = known.slice(1).map((year) => `${year}-${known[0]}`).filter((pair) => pair in sources);
    const compared = pairs.map((pair) => [pair, `Comparer ${pair.replace("-", " et ")}`]);
    return [...known.map((year) => [year, year]), ...compared];
  };

  // Controls -------------------------------------------------------------------------------------

  const select = (id, label) => {
    const field = element("select", { id });
    const box = element("p", { class: "champ" }, element("label", { for: id }, label), field);
    return { field, box };
  };

  const fill = ({ field, box }, options, value) => {
    box.hidden = options.length === 0;
    const made = options.map(([code, text]) => element("option", { value: code }, text));
    if (field.innerHTML !== element("select", {}, ...made).innerHTML) field.replaceChildren(...made);
    field.value = value ?? "";
  };

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("’", "'").toLowerCase();

  const controls = {
    population: select("population", "Population"),
    by: select("par", "Détail"),
    line: select("element", "Élément"),
    domain: select("domaine", "Domaine"),
    answer: select("reponse", "Réponse"),
    edition: select("edition", "Édition"),
  };
  const search = element("input", {
    type: "search", id: "recherche", autocomplete: "off", spellcheck: "false", "aria-controls": "indicateurs",
  });
  const found = element("p", { class: "trouves", role: "status" });
  const list = element("fieldset", { id: "indicateurs" });
  const named = element("strong");
  const chooser = element("details", { class: "indicateur" },
    element("summary", {}, element("span", {}, "Indicateur"), named),
    element("label", { for: "recherche" }, "Chercher un indicateur"), search, found, list);
  const form = element("form", { class: "choix", "aria-label": "Ce qui est montré" },
    controls.population.box, chooser, controls.answer.box, controls.by.box, controls.line.box, controls.domain.box,
    controls.edition.box);
  const announced = element("p", { class: "annonce", role: "status" });
  const notice = element("p", { class: "avis" });
  const result = element("div", { class: "vue" });

  let entries = [];
  const listIndicators = (catalogue) => {
    const themes = new Map();
    entries = catalogue.indicators.map((indicator) => {
      const radio = element("input", { type: "radio", name: "indicateur", value: indicator.code });
      const label = element("label", {}, radio, indicator.title);
      themes.set(indicator.theme, [...(themes.get(indicator.theme) ?? []), label]);
      const words = plain([indicator.title, indicator.theme, ...indicator.lines].join(" "));
      return { radio, label, words, title: plain(indicator.title) };
    });
    const groups = [...themes].map(([theme, labels], rank) =>
      element("div", { role: "group", "aria-labelledby": `theme-${rank}` },
        element("p", { id: `theme-${rank}`, class: "theme" }, theme), ...labels));
    list.replaceChildren(element("legend", {}, `${catalogue.name}${colon}indicateurs`), ...groups);
    search.value = "";
    filter();
  };

  const askedWords = () => plain(search.value).split(/\s+/).filter(Boolean);

  // The first indicator found, rather one whose title holds what is sought.
  const firstFound = () => {
    const left = entries.filter(({ label }) => !label.hidden);
    return left.find(({ title }) => askedWords().every((word) => title.includes(word))) ?? left[0];
  };

  const filter = () => {
    const asked = askedWords();
    for (const { label, words } of entries) label.hidden = !asked.every((word) => words.includes(word));
    for (const group of list.querySelectorAll("[role=group]")) {
      group.hidden = !group.querySelector("label:not([hidden])");
    }
    const left = entries.filter(({ label }) => !label.hidden).length;
    list.hidden = left === 0;
    const none = `Aucun indicateur ne contient ${quoted(search.value.trim())}.`;
    const some = `${count(left, "indicateur trouvé", "indicateurs trouvés")}.`;
    found.textContent = !asked.length ? "" : left ? some : none;
  };

  const show = (view) => {
    const { catalogue, indicator, by, years } = view;
    const { population, line, domain, answer, edition } = controls;
    fill(population, populations, catalogue.population);
    const silent = (type) => years.every((year) => !indicator.shown[year].includes(type));
    fill(controls.by, catalogue.breakdowns.map(({ type, label }) => {
      const said = type === WHOLE ? label : `Par ${lower(label)}`;
      return [type, silent(type) ? `${said} (aucun chiffre diffusé)` : said];
    }), by);
    fill(line, view.lines, view.line);
    fill(domain, view.domains, view.domain);
    domain.box.firstChild.textContent = view.breakdown.label;
    fill(answer, view.answers, view.answer);
    fill(edition, editionChoices(catalogue, indicator), view.edition);
    named.textContent = indicator.title;
    const { radio } = entries.find((one) => one.radio.value === indicator.code);
    radio.checked = true;
    // The chosen line is brought into the list's own window; the page does not move.
    const top = radio.parentElement.offsetTop;
    if (top < list.scrollTop || top > list.scrollTop + list.clientHeight - 40) list.scrollTop = top - 60;
  };

  // Views ----------------------------------------------------------------------------------------

  let current = null;
  let listed = null;
  let asked = 0;

  const update = async () => {
    const turn = (asked += 1);
    const wanted = read();
    try {
      const known = populations.map(([code]) => code);
      const catalogue = await load(known.includes(wanted.population) ? wanted.population : known[0]);
      const view = resolved(wanted, catalogue);
      const loaded = await Promise.all([...scripts(view).map(load), document.fonts.load('1em "Source Sans 3"')]);
      if (turn !== asked) return;
      if (listed !== catalogue) listIndicators((listed = catalogue));
      show(view);
      const shown = model(view, loaded.slice(0, -1));
      render(result, view, shown, () => new URL(written(chosen(view)), location.href).href);
      notice.textContent = view.notes.join(" ");
      if (current) announced.textContent = `${notice.textContent} ${shown.title}. ${shown.summary}`.trim();
      current = view;
      // A partial address is completed in place: no step of history, no other view.
      if (location.hash.includes("=")) history.replaceState(null, "", written(chosen(view)));
      document.title = pageTitle.replace(heading, () => shown.title);
    } catch {
      if (turn === asked) announced.textContent = notice.textContent = UNREAD;
    }
  };

  let latest = { key: null, time: 0 };
  const choose = (key, value) => {
    const next = key === "population" ? { population: value } : { ...chosen(current), [key]: value };
    if (key === "indicator") next.line = next.answer = null;
    if (!["edition", "answer", "domain"].includes(key)) next.domain = null;
    const again = key === "indicator" && latest.key === key && Date.now() - latest.time < QUICK;
    latest = { key, time: Date.now() };
    if (again) location.replace(written(next));
    else location.hash = written(next);
  };

  const start = () => {
    for (const [key, { field }] of Object.entries(controls)) {
      field.addEventListener("change", () => choose(key, field.value));
    }
    list.addEventListener("change", (event) => choose("indicator", event.target.value));
    form.addEventListener("submit", (event) => event.preventDefault());
    search.addEventListener("input", filter);
    search.addEventListener("keydown", (event) => {
      const first = firstFound();
      if (!first || !["Enter", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      if (event.key === "Enter") choose("indicator", first.radio.value);
      else (entries.find(({ radio, label }) => radio.checked && !label.hidden) ?? first).radio.focus();
    });
    chooser.open = matchMedia("(min-width: 1000px)").matches;
    place.replaceChildren(form, element("div", {}, announced, notice, result));
    // The skip link and other anchors of the page are not views.
    addEventListener("hashchange", () => {
      if (!location.hash || location.hash.includes("=")) update();
    });
    update();
  };

  start();
})();
