// The search page: words typed are looked for in INDEX (written before this code), nothing is sent.
(() => {
  const MOST = 40;
  const EMPTY_WORDS = new Set(
    'au aux d de des du en et l la le les ou par pour qu que qui sur un une'.split(' '));
  const fold = text => text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
  const words = text => fold(text).match(/[a-z0-9]+/g) ?? [];
  const stem = word => word.length > 3 ? word.replace(/[sx]$/, '') : word;
  const pages = INDEX.map(([address, title, about, headings, edition]) => ({
    address, title, about, edition,
    headings: headings ? headings.split('\n') : [],
    fields: [[words(title), 8], [words(headings), 4], [words(about), 2]],
  }));

  function score(page, tokens) {
    let total = 0;
    for (const token of tokens) {
      let best = 0;
      for (const [known, weight] of page.fields) {
        if (known.some(word => stem(word) === token)) best = Math.max(best, weight + 1);
        else if (known.some(word => word.startsWith(token))) best = Math.max(best, weight);
      }
      if (!best) return 0;
      total += best;
    }
    return total;
  }

  function search(text) {
    const asked = words(text);
    const told = asked.filter(word => !EMPTY_WORDS.has(word));
    const tokens = (told.length ? told : asked).map(stem);
    if (!tokens.length) return null;
    return pages
      .map((page, rank) => ({ page, rank, tokens, found: score(page, tokens) }))
      .filter(({ found }) => found)
      .sort((a, b) => b.found - a.found || a.rank - b.rank);
  }

  function add(parent, tag, text, name) {
    const element = document.createElement(tag);
    element.textContent = text;
    if (name) element.className = name;
    parent.append(element);
    return element;
  }

  function item({ page, tokens }) {
    const line = document.createElement('li');
    add(line, 'a', page.title).href = page.address;
    if (page.edition) add(line, 'span', ` Édition ${page.edition}`, 'edition');
    if (page.about) add(line, 'p', page.about);
    const heading = page.headings.find(
      text => words(text).some(word => tokens.some(token => word.startsWith(token))));
    if (heading && heading !== page.title) add(line, 'p', `Dans la page\u202f: ${heading}`, 'extrait');
    return line;
  }

  function counted(number) {
    if (!number) return 'Aucune page ne contient tous ces mots. Essayez-en moins, ou parcourez la liste.';
    const more = number > MOST ? `, dont voici les ${MOST} premières` : '';
    return number === 1 ? '1 page trouvée.' : `${number} pages trouvées${more}.`;
  }

  const form = document.querySelector('form.recherche');
  const field = document.getElementById('recherche-mots');
  const state = document.getElementById('recherche-etat');
  const list = document.getElementById('recherche-resultats');

  function show() {
    const found = search(field.value);
    list.hidden = !found?.length;
    list.replaceChildren(...(found ?? []).slice(0, MOST).map(item));
    state.textContent = found ? counted(found.length) : '';
  }

  form.hidden = false;
  field.value = new URLSearchParams(location.search).get('mots') ?? '';
  show();
  field.addEventListener('input', show);
  form.addEventListener('submit', event => {
    event.preventDefault();
    show();
    history.replaceState(null, '', `?mots=${encodeURIComponent(field.value)}`);
  });
})();
