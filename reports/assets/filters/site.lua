-- Run by both renderers: the mark of simulated data, the edition, what scrolls by itself on a narrow screen, and
-- the scripts of the site under Quarto.

local BANNER = '<div class="demo" role="region" aria-label="Données simulées"><p><strong>Données simulées.</strong> ' ..
  'Démonstration\u{202f}: aucun chiffre de cette page n’est une mesure.</p></div>'
local PREFIX = 'Données simulées'

local function is_true(value)
  return value ~= nil and pandoc.utils.stringify(value) == 'true'
end

local function first_heading(doc)
  for index, block in ipairs(doc.blocks) do
    if block.t == 'Header' and block.level == 1 then return index, block end
  end
end

local function page_title(doc)
  if doc.meta.pagetitle or doc.meta.title then return doc.meta.pagetitle or doc.meta.title end
  local _, heading = first_heading(doc)
  return heading and heading.content
end

-- The title block names the edition; a page whose title is computed has its heading in the text.
local function name_edition(doc)
  local index = first_heading(doc)
  if doc.meta.title or not doc.meta.edition or not index then return end
  local words = 'Édition ' .. pandoc.utils.stringify(doc.meta.edition)
  doc.blocks:insert(index, pandoc.Div(pandoc.Para(words), { class = 'edition' }))
end

local function mark_as_simulated(doc)
  if quarto then
    quarto.doc.include_text('before-body', BANNER)
  else
    local before = doc.meta['include-before'] or pandoc.List()
    before[#before + 1] = pandoc.RawBlock('html', BANNER)
    doc.meta['include-before'] = before
  end
  local title = page_title(doc)
  doc.meta.pagetitle = PREFIX .. (title and (' – ' .. pandoc.utils.stringify(title)) or '')
end

-- Files of the site that a page names in its header: `scripts:` and `styles:`, run in that order.
local function own_files(meta, key)
  local files = pandoc.List()
  for _, name in ipairs(meta[key] or {}) do
    local file = pandoc.utils.stringify(name)
    files:insert({ name = file, path = '../' .. file, afterBody = key == 'scripts' or nil })
  end
  return files
end

local function add_own_files(meta)
  local scripts, styles = own_files(meta, 'scripts'), own_files(meta, 'styles')
  if #scripts + #styles == 0 then return end
  local name = 'observatoire-' .. (scripts[#scripts] or styles[1]).name:gsub('%.%w+$', '')
  quarto.doc.add_html_dependency({ name = name, version = '1', scripts = scripts, stylesheets = styles })
end

local function add_scripts()
  quarto.doc.add_html_dependency({
    name = 'observatoire',
    version = '1',
    scripts = { { name = 'charts.js', path = '../charts.js', afterBody = true } },
    resources = { { name = 'vega.js', path = '../../../_build/vega.js' } },
  })
end

-- A wide table or formula scrolls within the page, with the keyboard too.
local function attributes(class, label)
  return pandoc.Attr('', { class },
    { { 'role', 'group' }, { 'tabindex', '0' }, { 'aria-label', label } })
end

local scrolling = {
  Table = function(element)
    return pandoc.Div(element, attributes('table-scroll', 'Tableau'))
  end,
  Math = function(element)
    if element.mathtype ~= 'DisplayMath' then return nil end
    return pandoc.Span(element, attributes('formule', 'Formule'))
  end,
}

function Pandoc(doc)
  if quarto then
    add_scripts()
    add_own_files(doc.meta)
  end
  if is_true(doc.meta.simulated) then mark_as_simulated(doc) end
  name_edition(doc)
  return doc:walk(scrolling)
end
