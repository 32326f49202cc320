// Charts of the explorer, drawn at the width of their place in the grammar of analysis/charts.py:
// dots with their interval, or two editions as a dumbbell. A row without a number says why.
(() => {
  "use strict";

  const { tickText } = globalThis.explorer.format;
  const FONT = '"Source Sans 3", system-ui, sans-serif';
  const WIDE = 560; // pixels: under this width a label stands above its mark
  const TEXT = 15;
  const SMALL = 14.5;
  const LINE = 18.5;
  const DOT = 5.3;
  const parsed = document.createElement("template");
  parsed.innerHTML = "<svg></svg>";
  const SVG = parsed.content.firstChild.namespaceURI;
  const colour = (name) => `var(--${name})`;

  const canvas = document.createElement("canvas").getContext("2d");
  const textWidth = (text, size = TEXT, bold = false) => {
    canvas.font = `${bold ? 700 : 400} ${size}px ${FONT}`;
    return canvas.measureText(text).width;
  };

  const widest = (texts, bold = false) =>
    Math.max(0, ...texts.map((text) => textWidth(text ?? "", TEXT, bold)));

  // Lines of `text` no wider than `width`, broken at spaces that may break.
  const wrap = (text, width) => {
    const lines = [];
    for (const word of text.split(" ")) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length && textWidth(longer) <= width) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  };

  const node = (name, attributes = {}, text = null) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) {
      const written = typeof value === "number" ? Math.round(10 * value) / 10 : value;
      made.setAttribute(key, written);
    }
    if (text !== null) made.textContent = text;
    return made;
  };

  const write = (text, x, y, { fill = "ink", size = TEXT, bold = false, anchor = "start" } = {}) =>
    node("text", {
      x, y: y + 0.35 * size, fill: colour(fill), "font-size": size, "text-anchor": anchor,
      ...(bold ? { "font-weight": 700 } : {}),
    }, text);

  const segment = (x1, x2, y, stroke, width) =>
    node("path", {
      d: `M${x1.toFixed(1)} ${y.toFixed(1)}H${x2.toFixed(1)}`, stroke: colour(stroke), "stroke-width": width,
    });

  const upright = (x, y1, y2, stroke, more = {}) =>
    node("path", { d: `M${x.toFixed(1)} ${y1.toFixed(1)}V${y2.toFixed(1)}`, stroke: colour(stroke), ...more });

  const dot = (x, y, fill, stroke) =>
    node("circle", { cx: x, cy: y, r: DOT, fill: colour(fill), stroke: colour(stroke), "stroke-width": 2 });

  // Round values from 0 to the first at or above `maximum`, by steps of 1, 2 or 5.
  const ticks = (maximum, statistic, most) => {
    if (!(maximum > 0)) return [0, 1];
    const power = 10 ** Math.floor(Math.log10(maximum));
    const count = (step) => Math.ceil(maximum / step - 1e-9);
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10].map((one) => one * power).find((one) => count(one) <= most);
    const steps = Array.from({ length: count(step) + 1 }, (_, rank) => Number((rank * step).toPrecision(10)));
    return statistic === "share" && steps.at(-1) > 1 ? [...steps.filter((one) => one < 1), 1] : steps;
  };

  // Where rows stand: label lines, height of each mark, bounds and scale of the plot.
  const layout = (labels, { width, top, columns, inset = 0, maximum }) => {
    const wide = width >= WIDE;
    const room = wide ? Math.min(232, 0.36 * width) : width - columns;
    const texts = labels.map((label) => wrap(label, room));
    const left = wide ? 20 + widest(texts.flat()) : 6;
    const right = (wide ? width - columns : width - 6) - inset;
    let y = wide ? top : top + 8;
    const rows = texts.map((lines) => {
      const height = wide ? Math.max(30, LINE * lines.length + 12) : LINE * lines.length + 33;
      const mark = wide ? y + height / 2 : y + LINE * lines.length + 12;
      const first = wide ? mark - (LINE * (lines.length - 1)) / 2 : y + LINE / 2;
      y += height;
      return { lines, mark, first, figures: wide ? mark : first };
    });
    const start = left + inset;
    const pixel = (value) => start + (value / maximum) * (right - start);
    return { wide, width, top, rows, left: start, right, bottom: y, pixel };
  };

  // Ticks named above the plot; one that would touch the name of the reference is left unnamed.
  const axis = (place, steps, statistic, reference, drawn) => {
    const { wide, top, pixel, right, width } = place;
    const y = top - 14;
    const parts = [];
    const last = Math.max(top, ...drawn.map((row) => row.mark)) + 15;
    const over = (text, value, bold) => {
      const half = textWidth(text, SMALL, bold) / 2;
      const end = Math.min(right + 24, width);
      return { text, half, x: Math.min(Math.max(pixel(value), half), end - half) };
    };
    if (wide) parts.push(...steps.map((value) => upright(pixel(value), top - 3, last, "rule")));
    else {
      for (const { mark } of drawn) {
        parts.push(segment(pixel(0), pixel(steps.at(-1)), mark, "rule", 1));
        parts.push(...steps.map((value) => upright(pixel(value), mark - 4, mark + 4, "rule")));
      }
    }
    let names = steps.map((value) => over(tickText(value, statistic), value, false));
    if (reference) {
      const name = over(reference.name, reference.value, true);
      names = names.filter((one) => Math.abs(one.x - name.x) >= one.half + name.half + 8);
      const spans = wide ? [[top - 3, last]] : drawn.map(({ mark }) => [mark - 9, mark + 9]);
      const style = wide ? { "stroke-width": 1.5, "stroke-dasharray": "4 3" } : { "stroke-width": 2 };
      parts.push(...spans.map(([from, to]) => upright(pixel(reference.value), from, to, "reference", style)));
      parts.push(write(name.text, name.x, y, { fill: "reference", size: SMALL, bold: true, anchor: "middle" }));
    }
    const style = { fill: "soft", size: SMALL, anchor: "middle" };
    return [...parts, ...names.map(({ text, x }) => write(text, x, y, style))];
  };

  const labels = (place) =>
    place.rows.flatMap(({ lines, first }) => lines.map((line, rank) => write(line, 0, first + LINE * rank)));

  // Why a row has no figure, on a strip of paper that hides the lines behind the words.
  const reasons = (rows, place) =>
    rows.flatMap(({ reason, mark }) => {
      const start = place.wide ? place.left : 0;
      return [
        segment(start - 3, start + textWidth(reason) + 6, mark, "paper", 20),
        write(reason, start, mark, { fill: "fragile" }),
      ];
    });

  const assemble = (parts, place, said) => {
    const height = Math.round(place.bottom + 4);
    const svg = node("svg", { viewBox: `0 0 ${place.width} ${height}`, role: "img", "aria-label": said });
    svg.append(...parts);
    return svg;
  };

  // Cells are { label, status, reason, value, low, high, text, interval }, numbers null when withheld.
  const dotChart = (cells, { statistic, reference, width, said }) => {
    const shown = cells.filter((cell) => cell.value !== null);
    const top = Math.max(0, reference?.value ?? 0, ...shown.map((cell) => Math.max(cell.value, cell.high ?? 0)));
    const steps = ticks(top, statistic, width >= WIDE ? 5 : 4);
    const columns = [widest(shown.map((cell) => cell.text), true), widest(shown.map((cell) => cell.interval))];
    const place = layout(cells.map((cell) => cell.label), {
      width, top: 30, columns: columns[0] + columns[1] + (width >= WIDE ? 40 : 24), maximum: steps.at(-1),
    });
    const rows = cells.map((cell, rank) => ({ ...cell, ...place.rows[rank] }));
    const drawn = rows.filter((row) => row.value !== null);
    const parts = axis(place, steps, statistic, reference, drawn);
    for (const { value, low, high, status, mark } of drawn) {
      const fragile = status === "fragile";
      if (low !== null) parts.push(segment(place.pixel(low), place.pixel(high), mark, fragile ? "rule" : "data-2", 6));
      parts.push(dot(place.pixel(value), mark, fragile ? "paper" : "data", fragile ? "fragile" : "data"));
    }
    const edge = width - columns[1] - (place.wide ? 16 : 9);
    for (const { text, interval, status, figures } of drawn) {
      const fill = status === "fragile" ? "fragile" : "ink";
      parts.push(write(text, edge, figures, { fill, bold: true, anchor: "end" }));
      if (interval) parts.push(write(interval, width, figures, { fill: "soft", anchor: "end" }));
    }
    if (place.wide && columns[1]) {
      parts.push(write("intervalle", width, 16, { fill: "soft", size: SMALL, anchor: "end" }));
    }
    parts.push(...labels(place), ...reasons(rows.filter((row) => row.value === null), place));
    return assemble(parts, place, said);
  };

  // Pairs are { label, before, after, change, broken }, `before` and `after` being cells or null.
  const pairChart = (pairs, { statistic, names, width, said }) => {
    const value = (cell) => cell?.value ?? null;
    const known = pairs.flatMap(({ before, after }) => [value(before), value(after)]).filter((one) => one !== null);
    const steps = ticks(Math.max(0, ...known), statistic, width >= WIDE ? 5 : 3);
    const words = pairs.map((pair) => pair.change);
    const inset = 8 + widest(pairs.flatMap(({ before, after }) => [before?.text, after?.text]), true);
    const place = layout(pairs.map((pair) => pair.label), {
      width, top: 62, columns: widest(words, true) + 12, inset: Math.min(inset, width / 5), maximum: steps.at(-1),
    });
    const rows = pairs.map((pair, rank) => ({
      ...pair, ...place.rows[rank], was: value(pair.before), now: value(pair.after),
    }));
    const drawn = rows.filter((row) => row.was !== null || row.now !== null);
    const parts = axis(place, steps, statistic, null, drawn);
    for (const row of drawn) parts.push(...pairMarks(row, place));
    parts.push(...pairLegend(names, place), ...labels(place));
    const silent = rows.filter((row) => row.was === null && row.now === null);
    return assemble([...parts, ...reasons(silent, place)], place, said);
  };

  const pairMarks = ({ was, now, before, after, change, moved, broken, mark, figures }, place) => {
    const { pixel, width } = place;
    const parts = [];
    if (was !== null && now !== null && !broken) {
      parts.push(segment(pixel(was), pixel(now), mark, "data-2", 3));
    }
    // Each value on the outer side of its dot, on a strip of paper that hides the lines behind it.
    const rising = was === null || now === null || was <= now;
    const figure = (cell, leftmost, bold) => {
      const room = textWidth(cell.text, TEXT, bold);
      const at = pixel(cell.value) + (leftmost ? -11 : 11);
      parts.push(segment(leftmost ? at - room - 2 : at - 2, leftmost ? at + 2 : at + room + 2, mark, "paper", 16));
      parts.push(write(cell.text, at, mark, { fill: bold ? "ink" : "soft", bold, anchor: leftmost ? "end" : "start" }));
    };
    if (was !== null) figure(before, rising, false);
    if (now !== null) figure(after, !rising, true);
    if (was !== null) parts.push(dot(pixel(was), mark, "paper", "data"));
    if (now !== null) {
      const tint = after.status === "fragile" ? "fragile" : "data";
      parts.push(dot(pixel(now), mark, tint, tint));
    }
    parts.push(write(change, width, figures, { fill: moved ? "ink" : "soft", bold: moved, anchor: "end" }));
    return parts;
  };

  const pairLegend = ([first, second], { wide, left }) => {
    const start = wide ? left : 6;
    const next = start + textWidth(first) + 36;
    return [
      dot(start, 12, "paper", "data"), write(first, start + 11, 12, { fill: "soft" }),
      dot(next, 12, "data", "data"), write(second, next + 11, 12, { fill: "soft" }),
    ];
  };

  globalThis.explorer.chart = { dotChart, pairChart };
})();
