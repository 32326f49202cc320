// What a view of the explorer says, from the scripts that reports/explorer.py writes: rows, title,
// sentences and CSV. Nothing here touches the page.
(() => {
  "use strict";

  const { THIN, valueText, intervalText, rangeText, integer } = globalThis.explorer.format;
  const WHOLE = "ensemble";
  const ALL = "*"; // every line of an indicator, in one domain; no answer has this code
  const LONG = 15; // rows; over this a chart leaves out those without a number
  const WITHHELD = ["nd", "secret"];
  const NORMAL_95 = 1.959964;
  const NOTHING = "aucune estimation n’est assez précise pour être lue seule";
  const BEFORE_ROUNDING = "Les évolutions sont calculées avant arrondi.";

  const quoted = (text) => `«${THIN}${text}${THIN}»`;
  const colon = `${THIN}: `;
  const lower = (text) => (/^\p{Lu}{2}/u.test(text) ? text : text.slice(0, 1).toLowerCase() + text.slice(1));
  const upper = (text) => text[0].toUpperCase() + text.slice(1);
  const count = (number, one, many) => `${integer(number)} ${number < 2 ? one : many}`;

  const key = (code, statistic) => (statistic === "share" ? code : `${code}:${statistic}`);

  // The parts of a member's code: « freins__cout » is line « cout », a grid adds the answer.
  const lineCode = ([code]) => code.split("__")[1];
  const answerCode = ([code]) => code.split("__")[2];

  // The cells of one code, by rank of domain; null where there is none.
  const unpacked = (catalogue, packed, code, statistic) => {
    const scale = catalogue.scales[statistic];
    const [letters, numbers] = packed[key(code, statistic)] ?? ["", []];
    let at = 0;
    return [...letters].map((letter) => {
      if (!(letter in catalogue.statuses)) return null;
      const [status, said] = catalogue.statuses[letter];
      const cell = { code, status, said, value: null, low: null, high: null, n: null };
      if (WITHHELD.includes(status)) return { ...cell, reason: said, text: "", interval: "" };
      const [value, low, high] = numbers.slice(at, at + 3).map((one) => (one === null ? null : one / scale));
      const n = numbers[at + 3];
      at += 4;
      const interval = low === null || high === null ? "" : intervalText(low, high, statistic);
      return { ...cell, value, low, high, n, reason: null, text: valueText(value, statistic), interval };
    });
  };

  // The lines and answers that a view may choose, as [code, label].
  const choices = (indicator, by) => {
    const distinct = (codeOf, rank, labels) => [
      ...new Map(indicator.members.map((member) => [codeOf(member), labels[member[rank]]])),
    ];
    const lines = by === WHOLE || !indicator.lines.length ? [] : distinct(lineCode, 1, indicator.lines);
    return {
      lines: lines.length ? [...lines, [ALL, "Tous les éléments"]] : [],
      answers: indicator.answers.length ? distinct(answerCode, 2, indicator.answers) : [],
    };
  };

  // Whether rows are the lines of the indicator, rather than the domains of one of them.
  const byLine = ({ by, line }) => by === WHOLE || line === ALL;

  const members = (view) =>
    view.indicator.members.filter(
      (member) =>
        (byLine(view) || view.line === null || lineCode(member) === view.line) &&
        (view.answer === null || answerCode(member) === view.answer),
    );

  // One row a domain, or one a line of the indicator in the whole population or in one domain.
  const rows = (view, packed) => {
    const { catalogue, indicator, breakdown, domain } = view;
    return members(view).flatMap((member) => {
      const cells = unpacked(catalogue, packed, member[0], indicator.statistic);
      const line = indicator.lines[member[1]];
      return breakdown.domains
        .map(([code, name, place], rank) => ({
          ...(cells[rank] ?? { code: member[0], status: null, value: null }),
          domain: code, name, place, line, label: byLine(view) ? (line ?? name) : name,
        }))
        .filter((row) => domain === null || row.domain === domain);
    });
  };

  // Largest first, equal ones by label; rows without a number last, in their order.
  const byValue = (one, other) => {
    if (one.value === null || other.value === null) return (one.value === null) - (other.value === null);
    return other.value - one.value || (one.label < other.label ? -1 : 1);
  };

  const isSorted = (view) => (byLine(view) ? !view.indicator.ordered : view.breakdown.sorted);

  const statement = (view, row) => {
    const { indicator, answer } = view;
    const worded = answer === null || indicator.answers.length === 0 || answer === view.worded;
    const template = worded ? indicator.reads[0] : indicator.reads.at(-1);
    const filled = { value: row.text, label: lower(row.line ?? row.label), answer: lower(view.answerLabel ?? "") };
    return template.replace(/\{(\w+)\}/g, (_, name) => filled[name]);
  };

  const placed = (view, row, said) => {
    if (view.by === WHOLE) return said;
    return row.place ? `${row.place}, ${said}` : `${quoted(row.name)}${colon}${said}`;
  };

  const firmest = (found) => found.filter((row) => row.status === "ok").sort(byValue)[0];

  const reading = (view, found) => {
    const row = firmest(found);
    if (!row) return NOTHING;
    const said = placed(view, row, statement(view, row));
    if (row.low === null || row.high === null) return said;
    const range = rangeText(row.low, row.high, view.indicator.statistic);
    return `${said}${THIN}; l’intervalle de confiance à 95${THIN}% va de ${range}`;
  };

  const pairReading = (view, pairs) => {
    const [first, second] = view.years;
    const both = pairs.filter(({ before, after }) => before?.status === "ok" && after?.status === "ok");
    const pair = both.sort((one, other) => byValue(one.after, other.after))[0];
    if (!pair) return NOTHING;
    const said = placed(view, pair.before, statement(view, pair.before));
    return `${said} en ${first}, ${pair.after.text} en ${second}${THIN}; ${pair.told}`;
  };

  // Whether `high` surely stands above `low` among `count` rows: the rule of analysis/ranking.py.
  const isAbove = ({ ranges }, high, low, count) => {
    if ([high.low, low.high].includes(null) || high.low <= low.high) return false;
    const counts = Object.keys(ranges).map(Number).sort((one, other) => one - other);
    const allowed = ranges[counts.find((each) => each >= count) ?? counts.at(-1)];
    const error = (row) => (row.high - row.low) / (2 * NORMAL_95);
    return high.value - low.value > allowed * Math.hypot(error(high), error(low));
  };

  // The first and the last of the rows shown where they are sure, and the range of the others.
  const extremes = (catalogue, shown, hidden) => {
    const above = (high, low) => isAbove(catalogue, high, low, shown.length);
    const among = hidden ? " des chiffres diffusés" : "";
    const named = (row) => `${row.label}, ${row.text}${row.status === "fragile" ? " (fragile)" : ""}`;
    const range = ([first, ...rest]) => {
      const last = rest.at(-1) ?? first;
      return last.text === first.text ? first.text : `de ${last.text} à ${first.text}`;
    };
    const told = [];
    const rest = [...shown];
    if (shown.slice(1).every((low) => above(shown[0], low)))
      told.push(`Le plus élevé${among}${colon}${named(rest.shift())}`);
    if (shown.slice(0, -1).every((high) => above(high, shown.at(-1))))
      told.push(`Le plus bas${among}${colon}${named(rest.pop())}`);
    if (told.length === 1) told.push(`Les autres${colon}${range(rest)}`);
    if (told.length) return told;
    const some = shown.some((row) => row.low === null) || shown.some((high, rank) => shown.slice(rank + 1).some((low) => above(high, low)));
    return [`Valeurs${colon}${range(shown)}${some ? "" : ", écarts non établis"}`];
  };

  const summary = (view, found) => {
    const shown = found.filter((row) => row.value !== null).sort(byValue);
    const alone = found.length > 1 ? shown[0]?.label : view.breakdown.label;
    const parts = shown.length === 1 ? [`${alone}${colon}${shown[0].text}`] : [];
    if (shown.length > 1) parts.push(...extremes(view.catalogue, shown, found.length > shown.length));
    const fragile = shown.filter((row) => row.status === "fragile").length;
    const hidden = found.length - shown.length;
    if (fragile) parts.push(count(fragile, "estimation fragile", "estimations fragiles"));
    if (hidden) parts.push(count(hidden, "estimation non diffusée", "estimations non diffusées"));
    return `${parts.join(". ")}.`;
  };

  const pairSummary = (pairs) => {
    const moved = pairs.filter((pair) => pair.moved).length;
    if (pairs.length === 1) return `Évolution${colon}${pairs[0].told}.`;
    if (!moved) return "Aucune évolution établie.";
    return `Évolution établie pour ${count(moved, "ligne", "lignes")} sur ${pairs.length}.`;
  };

  // The only domain of a view: « dans le commerce », or its name in quotation marks.
  const inside = ({ breakdown, domain }) => {
    const [, name, place] = breakdown.domains.find(([code]) => code === domain) ?? [];
    return name ? (place ? lower(place) : quoted(name)) : "";
  };

  const title = (view) => {
    const { indicator, breakdown, by, line, domain, lineLabel, answerLabel } = view;
    const counted = lineLabel && line !== ALL ? `${colon}${quoted(lineLabel)}` : "";
    const answer = answerLabel ? `, réponse ${quoted(answerLabel)}` : "";
    const cut = domain ? `, ${inside(view)}` : by === WHOLE ? "" : `, par ${lower(breakdown.label)}`;
    return `${indicator.title}${counted}${answer}${cut}`;
  };

  const fragileNote = ({ catalogue }, found, sign) =>
    found.some((row) => row?.status === "fragile") ? `${sign} gris${colon}${catalogue.fragile}.` : "";

  // Rows that a chart draws: in a long list, those that have a number.
  const drawn = (found, silent) => {
    const kept = found.length > LONG ? found.filter((row) => !silent(row)) : found;
    const left = found.length - kept.length;
    const words = count(left, "ligne sans chiffre diffusé est", "lignes sans chiffre diffusé sont");
    return { kept, note: left ? `${upper(words)} dans le tableau seulement.` : "" };
  };

  // The region's own figure, that domains are read against; a total has none.
  const regional = (view, whole) => {
    if (byLine(view) || view.indicator.statistic === "total") return null;
    const code = members(view)[0][0];
    return rows({ ...view, by: WHOLE, breakdown: view.whole }, whole)
      .find((row) => row.code === code && row.status === "ok") ?? null;
  };

  // One edition: rows sorted, the region's own figure as a reference.
  const single = (view, [packed, whole]) => {
    const found = rows(view, packed).filter((row) => row.status !== null);
    if (isSorted(view)) found.sort(byValue);
    const region = regional(view, whole);
    const { kept, note } = drawn(found, (row) => row.value === null);
    const said = region ? `${summary(view, found)} Région${colon}${region.text}.` : summary(view, found);
    return {
      rows: found, drawn: kept, pairs: null, summary: said, reading: reading(view, found),
      reference: region ? { value: region.value, name: `Région ${region.text}` } : null,
      notes: [fragileNote(view, found, "Cercle"), note].filter(Boolean),
    };
  };

  // Two editions: each row with its two cells and the tested change in words.
  const double = (view, [first, second, tested]) => {
    const { catalogue, breakdown, indicator } = view;
    const before = rows(view, first);
    const pairs = rows(view, second).map((after, rank) => {
      const name = key(after.code, indicator.statistic);
      const place = breakdown.domains.findIndex(([domain]) => domain === after.domain);
      const told = tested.words[tested.changes[name]?.[place] ?? 0];
      const change = told.split(" [")[0]; // a chart has no room for the interval of the change
      const moved = !catalogue.unmoved.includes(change);
      const broken = name in tested.breaks;
      const reason = after.reason ?? before[rank].reason;
      return { label: after.label, before: before[rank], after, change, told, moved, broken, reason };
    }).filter((pair) => pair.before.status !== null || pair.after.status !== null);
    if (isSorted(view)) pairs.sort((one, other) => byValue(one.after, other.after));
    const broken = members(view).map(([code]) => tested.breaks[key(code, indicator.statistic)]);
    const { kept, note } = drawn(pairs, (pair) => pair.before.value === null && pair.after.value === null);
    return {
      pairs, drawn: kept, rows: null, reference: null, summary: pairSummary(pairs),
      reading: pairReading(view, pairs),
      notes: [BEFORE_ROUNDING, ...new Set(broken.filter(Boolean)), note,
        fragileNote(view, pairs.map((pair) => pair.after), "Point")].filter(Boolean),
    };
  };

  const place = (view) => inside(view) || view.catalogue.region;

  // Everything a view shows; `loaded` are the contents of the scripts that `scripts` names.
  const model = (view, loaded) => ({
    ...(view.years.length > 1 ? double(view, loaded) : single(view, loaded)),
    title: title(view),
    measure: `${view.indicator.measure}, ${place(view)}, ${view.years.join(" et ")}`,
    field: `${view.indicator.field}, ${place(view)}`,
    source: view.catalogue.sources[view.edition],
    first: byLine(view) ? "Élément" : view.breakdown.label,
  });

  const scripts = ({ catalogue, by, years }) => {
    const { population } = catalogue;
    const cells = years.map((year) => `${population}-${year}-${by}`);
    if (years.length > 1) return [...cells, `${population}-${years.join("-")}-${by}`];
    return by === WHOLE ? cells : [...cells, `${population}-${years[0]}-${WHOLE}`];
  };

  const HEAD = ["label", "answer", "indicator", "population", "edition", "domain_type", "domain",
    "statistic", "estimate", "conf_low", "conf_high", "n_respondents", "status", "change", "source", "nature"];

  // A number without what binary arithmetic adds to it.
  const written = (number) => (number === null ? "" : Number(number.toPrecision(10)));

  // The table as CSV, in the vocabulary of the site's files; a copied row still tells its nature.
  const csv = (view, shown) => {
    const { catalogue, indicator, by, years, answerLabel } = view;
    const lines = years.flatMap((year, rank) => {
      const last = rank === years.length - 1;
      const found = shown.rows ?? shown.pairs.map(({ before, after, told }) =>
        (last ? { ...after, change: told } : { ...before, change: "" }));
      return found.filter((row) => row.status !== null).map((row) => [
        row.label, answerLabel, row.code, catalogue.population, year, by, row.domain, indicator.statistic,
        ...[row.value, row.low, row.high].map(written), row.n, row.status, row.change,
        catalogue.sources[year], catalogue.simulated ? "données simulées" : "enquête",
      ]);
    });
    const kept = HEAD.map((name) =>
      (name !== "answer" || answerLabel) && (name !== "change" || years.length > 1));
    const field = (value) => {
      const text = String(value ?? "");
      return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    return [HEAD, ...lines].map((line) => line.filter((_, rank) => kept[rank]).map(field).join(",")).join("\n") + "\n";
  };

  globalThis.explorer.model = { WHOLE, ALL, model, scripts, choices, csv, extremes, lower, quoted, colon, count };
})();
