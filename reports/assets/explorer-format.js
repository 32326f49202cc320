// Numbers as the rest of the site writes them: the rules of survey/french.py and analysis/cells.py
// (a test compares both, value by value).
(() => {
  "use strict";

  const THIN = "\u202f";
  const MINUS = "\u2212";
  const PERCENT = `${THIN}%`;

  // The exact value rounded, a tie going to the even digit, as Python does; `digits` is 0 or 1.
  const fixed = (number, digits) => {
    const power = 10 ** digits;
    if (Math.abs((number * (digits ? 4 : 2)) % 2) === 1) {
      const below = Math.floor(number * power);
      number = (below % 2 ? below + 1 : below) / power;
    }
    const [whole, rest] = number.toFixed(digits).split(".");
    const grouped = whole.replace("-", MINUS).replace(/\B(?=(\d{3})+$)/g, THIN);
    return rest ? `${grouped},${rest}` : grouped;
  };

  const integer = (number) => {
    const text = fixed(number, 0);
    return text === `${MINUS}0` ? "0" : text;
  };

  const decimal = (number) => fixed(number, 1);

  const valueText = (value, statistic) => {
    if (statistic !== "share") return statistic === "total" ? integer(value) : decimal(value);
    if (value > 0 && value < 0.005) return `<${THIN}1${PERCENT}`;
    if (value >= 0.995 && value < 1) return `>${THIN}99${PERCENT}`;
    return fixed(100 * value, 0) + PERCENT;
  };

  const intervalEnds = (low, high, statistic) => {
    if (statistic === "share") [low, high] = [100 * low, 100 * high];
    const whole = statistic === "share" || statistic === "total";
    for (const write of whole ? [integer, decimal] : [decimal]) {
      const ends = [write(low), write(high)];
      if (low === high || ends[0] !== ends[1]) return ends;
    }
    return [decimal(Math.floor(10 * low) / 10), decimal(Math.ceil(10 * high) / 10)];
  };

  const intervalText = (low, high, statistic) => {
    const [first, last] = intervalEnds(low, high, statistic);
    return `[${first}${THIN}; ${last}]`;
  };

  // « 22 à 26 % », for a sentence.
  const rangeText = (low, high, statistic) => {
    const [first, last] = intervalEnds(low, high, statistic);
    return `${first} à ${last}${statistic === "share" ? PERCENT : ""}`;
  };

  // « 20 % », « 1 500 » or « 0,5 », under an axis.
  const tickText = (value, statistic) => {
    const shown = statistic === "share" ? Math.round(1e8 * value) / 1e6 : value;
    const text = Number.isInteger(shown) ? integer(shown) : decimal(shown);
    return statistic === "share" ? text + PERCENT : text;
  };

  globalThis.explorer = { ...globalThis.explorer };
  globalThis.explorer.format = {
    THIN, integer, decimal, valueText, intervalEnds, intervalText, rangeText, tickText,
  };
})();
