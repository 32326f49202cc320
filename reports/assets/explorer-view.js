// The result of the explorer as a piece of page: figure, tools and table.
(() => {
  "use strict";

  const { THIN, integer } = globalThis.explorer.format;
  const { colon } = globalThis.explorer.model;
  const { dotChart, pairChart } = globalThis.explorer.chart;
  const NONE = "–";
  const PAPER = 672; // pixels: the width of a chart on an A4 page

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key in made && typeof value !== "string") made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };

  const chartText = (view, shown) => {
    const kind = shown.pairs ? "Évolution entre deux éditions" : "Points avec intervalle à 95\u202f%";
    return `${kind}${colon}${shown.title}. ${shown.measure}. ${shown.summary}`;
  };

  // The chart at the width of its place; words instead when there is nothing to draw.
  const chart = (view, shown, width) => {
    const cells = shown.rows ?? shown.pairs.flatMap(({ before, after }) => [before, after]);
    if (!cells.some((cell) => cell.value !== null)) {
      const why = [...new Set(cells.map((cell) => cell.reason).filter(Boolean))];
      const said = why.map((one) => `${one[0].toUpperCase()}${one.slice(1)}.`);
      return element("p", { class: "sans-chiffre" }, ["Aucun chiffre à montrer ici.", ...said].join(" "));
    }
    const options = { statistic: view.indicator.statistic, width, said: chartText(view, shown) };
    if (shown.pairs) return pairChart(shown.drawn, { ...options, names: view.years });
    return dotChart(shown.drawn, { ...options, reference: shown.reference });
  };

  const figures = ({ text, status, interval, n }) =>
    [text || status || NONE, interval || NONE, Number.isFinite(n) ? integer(n) : NONE];

  const table = (view, shown) => {
    const counts = ["Estimation", `Intervalle à 95${THIN}%`, "Répondants"];
    const head = (text, more = {}) => element("th", { scope: "col", ...more }, text);
    const years = view.years.map((year) => element("th", { scope: "colgroup", colspan: "3" }, year));
    const tall = { rowspan: "2" };
    const heads = shown.pairs
      ? [[head(shown.first, tall), ...years, head("Évolution", tall)], [...counts, ...counts].map((text) => head(text))]
      : [[shown.first, ...counts, "Statut"].map((text) => head(text))];
    const lines = shown.pairs
      ? shown.pairs.map((pair) => [pair.label, ...figures(pair.before), ...figures(pair.after), pair.told])
      : shown.rows.map((row) => [row.label, ...figures(row), row.said]);
    const body = lines.map(([label, ...rest]) =>
      element("tr", {}, element("th", { scope: "row" }, label), ...rest.map((text) => element("td", {}, text))));
    const caption = element("caption", {}, `${shown.title}. ${shown.measure}.`);
    const scroll = { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Tableau de la figure" };
    return element("div", scroll,
      element("table", { class: shown.pairs ? "paires" : "simple" }, caption,
        element("thead", {}, ...heads.map((line) => element("tr", {}, ...line))),
        element("tbody", {}, ...body)));
  };

  const strong = (text) => element("b", {}, text);
  const ended = (text) => (/[.!?…]$/.test(text) ? text : `${text}.`);

  const words = (shown) =>
    element("p", { class: "lire" },
      strong(`Lecture${colon}`), `${ended(shown.reading)} ${shown.notes.join(" ")}`.trim(), element("br"),
      strong(`Champ${colon}`), `${shown.field}. `, strong(`Source${colon}`), `${shown.source}.`);

  // A button that acts and tells what it did.
  const button = (text, act) => {
    const made = element("button", { type: "button" }, text);
    made.addEventListener("click", act);
    return made;
  };

  const save = (name, text) => {
    const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
    const link = element("a", { href: address, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };

  const copy = async (address, place) => {
    try {
      await navigator.clipboard.writeText(address);
      place.textContent = "Lien copié.";
    } catch {
      const field = element("input", { type: "text", readonly: "", value: address, "aria-label": "Lien à copier" });
      place.replaceChildren("Lien à copier" + colon, field);
      field.select();
    }
  };

  const tools = (view, shown, address) => {
    const told = element("span", { role: "status", class: "dit" });
    const { catalogue, indicator, line, answer, by, domain, years } = view;
    const name = [catalogue.population, indicator.code, line, answer, by, domain, ...years].filter(Boolean)
      .join("-").toLowerCase().replaceAll("_", "-");
    return element("div", { class: "outils" },
      button("Télécharger ce tableau (CSV)", () => {
        save(`${name}.csv`, globalThis.explorer.model.csv(view, shown));
        told.textContent = "Tableau téléchargé.";
      }),
      button("Copier le lien", () => copy(address(), told)),
      element("a", { href: view.indicator.page }, "Page de cet indicateur"), told);
  };

  // Fills `place`, and draws the chart again when its room changes, and for paper.
  const render = (place, view, shown, address) => {
    const drawing = element("div", { class: "dessin" });
    const figure = element("figure", { class: "chart", id: "resultat" },
      element("h2", {}, shown.title), element("p", { class: "sous" }, `${shown.measure}.`),
      element("p", { class: "resume" }, shown.summary), drawing, words(shown), tools(view, shown, address));
    place.replaceChildren(figure, table(view, shown));
    let width = 0;
    let printing = false;
    const draw = (room) => {
      if (room && room !== width) drawing.replaceChildren(chart(view, shown, (width = room)));
    };
    const fit = () => printing || draw(Math.round(drawing.clientWidth));
    fit();
    new ResizeObserver(fit).observe(drawing);
    globalThis.onbeforeprint = () => {
      printing = true;
      draw(PAPER);
    };
    globalThis.onafterprint = () => {
      printing = false;
      fit();
    };
  };

  globalThis.explorer.view = { element, render };
})();
