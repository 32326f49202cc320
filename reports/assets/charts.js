// Interactive charts on top of the static ones. Nothing is loaded until a reader points at a figure,
// moves the focus into it or presses « Explorer »; then one local file serves the whole site.
(() => {
  "use strict";

  const BUNDLE = new URL("vega.js", document.currentScript.src).href;
  const THIN = "\u202f";
  const FORMAT = {
    decimal: ",",
    thousands: THIN,
    grouping: [3],
    currency: ["", `${THIN}€`],
    percent: `${THIN}%`,
    minus: "\u2212",
  };
  const TIME = {
    dateTime: "%A %e %B %Y à %X",
    date: "%d/%m/%Y",
    time: "%H:%M:%S",
    periods: ["", ""],
    days: ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
    shortDays: ["dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."],
    months: [
      "janvier", "février", "mars", "avril", "mai", "juin",
      "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ],
    shortMonths: [
      "janv.", "févr.", "mars", "avr.", "mai", "juin",
      "juil.", "août", "sept.", "oct.", "nov.", "déc.",
    ],
  };

  let bundle = null;
  const loadBundle = () => {
    bundle ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = BUNDLE;
      script.onload = () => resolve(window.vegaEmbed);
      script.onerror = reject;
      document.head.append(script);
    });
    return bundle;
  };

  // Colours written var(--data) in a specification become the colour of the day or of the night.
  const withColours = (value, style) => {
    if (typeof value === "string") {
      return value.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
    }
    if (Array.isArray(value)) return value.map((item) => withColours(item, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, withColours(item, style)]),
      );
    }
    return value;
  };

  const theme = (style) => {
    const token = (name) => style.getPropertyValue(name).trim();
    const text = { labelColor: token("--ink"), titleColor: token("--soft") };
    return {
      background: "transparent",
      font: "Source Sans 3",
      view: { stroke: null },
      axis: { ...text, gridColor: token("--rule"), domainColor: token("--rule"), tickColor: token("--rule"), labelFontSize: 14, titleFontSize: 14 },
      legend: { ...text, labelFontSize: 14, titleFontSize: 14 },
      text: { color: token("--ink"), fontSize: 14 },
      mark: { color: token("--data") },
    };
  };

  const draw = async (figure, spec, place) => {
    const embed = await loadBundle();
    const style = getComputedStyle(document.documentElement);
    await embed(place, withColours(spec, style), {
      mode: "vega-lite",
      actions: false,
      renderer: "svg",
      config: theme(style),
      formatLocale: FORMAT,
      timeFormatLocale: TIME,
    });
    // Vega names the chart and its marks in English: the text alternative of the figure takes over.
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", figure.querySelector('svg[role="img"]').getAttribute("aria-label"));
    place.removeAttribute("aria-roledescription");
    figure.classList.add("chart-live");
  };

  const upgrade = (figure) => {
    const source = figure.querySelector("script.vega-spec");
    const wide = figure.querySelector(".chart-wide");
    if (!source || !wide) return;
    const still = wide.innerHTML;
    const spec = JSON.parse(source.textContent);
    let started = false;

    const start = async () => {
      // A narrow screen keeps the chart drawn for it.
      if (started || wide.offsetParent === null) return;
      started = true;
      const place = document.createElement("div");
      try {
        place.style.cssText = "position:absolute;visibility:hidden";
        wide.append(place);
        await draw(figure, spec, place);
        place.removeAttribute("style");
        wide.replaceChildren(place);
      } catch {
        wide.innerHTML = still;
        started = false;
      }
    };

    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Explorer";
    button.addEventListener("click", start);
    wide.addEventListener("pointerover", start, { once: true });
    wide.addEventListener("focusin", start, { once: true });
    figure.querySelector(".outils")?.prepend(button);

    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      const place = wide.querySelector(".vega-embed");
      if (place) draw(figure, spec, place);
    });
  };

  document.querySelectorAll("figure.chart").forEach(upgrade);
})();
