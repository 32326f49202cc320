"""What is asked of a page in the browser, written in its language."""

OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
SETTLED = "document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(done)))"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The rules whose answer may change with the width of the screen and with its colours.
RULES_OF_SCREENS = ["color-contrast", "target-size", "scrollable-region-focusable"]
AUDIT = """async ([type, values, exclude]) => {
  const where = { include: ['html'], exclude: exclude ? [exclude] : [] };
  // A file may not read another: no style sheet is loaded again for the rule on orientation.
  const options = { runOnly: { type, values }, resultTypes: ['violations'], preload: false };
  const found = await axe.run(where, options);
  return found.violations.flatMap(rule =>
    rule.nodes.map(node => `${rule.id} (${rule.help}): ${node.html.slice(0, 160)}`));
}"""
# What a page tells of itself before anything is opened.
FACTS = """() => ({
  lang: document.documentElement.lang,
  title: document.title,
  headings: [...document.querySelectorAll('main h1')].map(one => one.innerText.trim()),
  mark: [...document.querySelectorAll('.demo')]
    .filter(one => one.checkVisibility()).map(one => one.innerText).join(' '),
  drawings: [...document.querySelectorAll('main svg')]
    .map(one => [one.getAttribute('role'), one.getAttribute('aria-label') ?? '']),
  readings: [...document.querySelectorAll('figure.chart')]
    .map(one => one.querySelector('.lire')?.textContent ?? ''),
})"""
# Figures without a drawing, tables without a filled cell, headings with nothing under them.
EMPTY = """() => {
  const said = one => one.outerHTML.slice(0, 120);
  const figures = [...document.querySelectorAll('main figure.chart')].filter(figure => {
    const drawn = [...figure.querySelectorAll('svg')].filter(svg => svg.checkVisibility());
    return drawn.length !== 1 || drawn[0].getBoundingClientRect().height <= 50
      || !drawn[0].querySelector('text') || !figure.querySelector('h2, h3, h4')?.innerText.trim();
  });
  const tables = [...document.querySelectorAll('main table')].filter(table =>
    table.checkVisibility()
    && ![...table.querySelectorAll('tbody td')].some(cell => cell.innerText.trim()));
  const sections = [...document.querySelectorAll('main section')].filter(section =>
    section.checkVisibility() && [...section.children].every(one => /^H[1-6]$/.test(one.tagName)));
  return [...figures, ...tables, ...sections].map(said);
}"""
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > room + 1)
    .filter(one => !one.closest('.table-scroll, .formule, pre'))
    .map(one => one.outerHTML.slice(0, 120)).concat('the page scrolls sideways');
}"""
FAULTY_TEXTS = """([smallest, tolerance]) => {
  const faults = [];
  const shared = (a, b, start, end) => Math.min(a[end], b[end]) - Math.max(a[start], b[start]);
  for (const svg of document.querySelectorAll('main svg')) {
    if (!svg.checkVisibility()) continue;
    const frame = svg.getBoundingClientRect();
    const report = text => faults.push(`${svg.closest('figure')?.id ?? 'svg'}: ${text}`);
    const texts = [...svg.querySelectorAll('text')].map(one => {
      const size = parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a;
      const { left, right, top, bottom } = one.getBoundingClientRect();
      // The line of the typeface is 1.42 em high, its letters 1 em.
      const spare = (bottom - top - size) / 2;
      const box = { left, right, top: top + spare, bottom: bottom - spare };
      return { said: `« ${one.textContent} »`, box, size };
    });
    for (const [rank, { said, box, size }] of texts.entries()) {
      if (size < smallest - 0.01) report(`${said} is ${size} px high`);
      const out = Math.max(frame.left - box.left, box.right - frame.right,
        frame.top - box.top, box.bottom - frame.bottom);
      if (out > tolerance) report(`${said} leaves the image by ${out} px`);
      for (const other of texts.slice(rank + 1)) {
        const across = shared(box, other.box, 'left', 'right');
        const down = shared(box, other.box, 'top', 'bottom');
        if (across > tolerance && down > tolerance) {
          report(`${said} and ${other.said} overlap (${across} x ${down})`);
        }
      }
    }
  }
  return faults;
}"""
FORMS = """figures => figures.map(one =>
  [...one.querySelectorAll('svg')].filter(svg => svg.checkVisibility()).length)"""
# Code and foreign words marked as such are set aside; everything else a person can read or hear.
READ = """() => {
  for (const one of document.querySelectorAll('code, [lang]:not(html, [lang^="fr"])')) {
    one.textContent = '…';
  }
  const heard = [...document.querySelectorAll('[aria-label], [title], [alt], [placeholder]')]
    .flatMap(one => ['aria-label', 'title', 'alt', 'placeholder'].map(n => one.getAttribute(n)))
    .filter(Boolean);
  const drawn = [...document.querySelectorAll('svg text')].map(one => one.textContent);
  const description = document.querySelector('meta[name=description]')?.content ?? '';
  return [document.title, description, document.body.innerText, ...drawn, ...heard].join('\\n');
}"""
# The text of a page, once `READ` has set code aside.
PROSE = """() => [document.querySelector('main').innerText,
  ...[...document.querySelectorAll('main svg text')].map(one => one.textContent)].join('\\n')"""
