-- Stands in for Quarto in the fallback renderer: page title from the first heading, numbered figures
-- and tables with their references, callouts, tabsets, links between sources.

local NNBSP = '\u{202f}'
local NBSP = '\u{a0}'
local CALLOUTS = {
  ['callout-note'] = 'Note',
  ['callout-tip'] = 'Astuce',
  ['callout-warning'] = 'Avertissement',
  ['callout-important'] = 'Important',
  ['callout-caution'] = 'Mise en garde',
}
local stringify = pandoc.utils.stringify

local words = { fig = 'Figure', tbl = 'Tableau' }
local delimiter = ':'
local numbers = {}
local counts = { fig = 0, tbl = 0 }
local tabsets = 0
local page = ''

local function stop(message)
  error('observatoire: ' .. message .. '\n', 0)
end

local function read_meta(meta)
  local crossref = meta.crossref or {}
  for kind, _ in pairs(words) do
    local title = crossref[kind .. '-title']
    if title then words[kind] = stringify(title) end
  end
  if crossref['title-delim'] then delimiter = stringify(crossref['title-delim']) end
  page = stringify(meta['page-address'])
end

local function kind_of(identifier)
  return identifier:match('^(fig)%-') or identifier:match('^(tbl)%-')
end

local function number(identifier)
  local kind = kind_of(identifier)
  if numbers[identifier] then
    stop('la figure ou le tableau «' .. NNBSP .. identifier .. NNBSP .. '» est défini deux fois.')
  end
  counts[kind] = counts[kind] + 1
  numbers[identifier] = { kind = kind, rank = counts[kind] }
end

-- Figures and tables -------------------------------------------------------------------------

local function caption_inlines(identifier, inlines)
  local entry = numbers[identifier]
  local label = words[entry.kind] .. NBSP .. entry.rank .. delimiter .. ' '
  return pandoc.Inlines({ pandoc.Str(label) }) .. inlines
end

local function numbered_div(div)
  local content = pandoc.Blocks(div.content)
  local last = content[#content]
  if not last or (last.t ~= 'Para' and last.t ~= 'Plain') or #content < 2 then
    stop('«' .. NNBSP .. div.identifier .. NNBSP .. '» n’a pas de légende' .. NNBSP ..
      ': terminez le bloc par un paragraphe.')
  end
  content:remove(#content)
  local caption = pandoc.Plain(caption_inlines(div.identifier, last.content))
  local open = pandoc.RawBlock('html', '<figure class="numerotee ' .. kind_of(div.identifier) ..
    '" id="' .. div.identifier .. '">')
  local legend = pandoc.Blocks({ pandoc.RawBlock('html', '<figcaption>'), caption,
    pandoc.RawBlock('html', '</figcaption>') })
  local blocks = pandoc.Blocks({ open })
  -- As Quarto: the caption of a table stands above it, that of a figure below.
  if kind_of(div.identifier) == 'tbl' then
    blocks = blocks .. legend .. content
  else
    blocks = blocks .. content .. legend
  end
  blocks:insert(pandoc.RawBlock('html', '</figure>'))
  return blocks
end

local function numbered_figure(figure)
  local long = figure.caption.long
  if #long > 0 then
    long[1].content = caption_inlines(figure.identifier, long[1].content)
    figure.caption.long = long
  end
  return figure
end

local function reference(cite)
  local links = pandoc.Inlines({})
  for index, citation in ipairs(cite.citations) do
    if not kind_of(citation.id) then return nil end
    local entry = numbers[citation.id]
    if not entry then
      stop('renvoi «' .. NNBSP .. '@' .. citation.id .. NNBSP .. '» sans figure ni tableau de ce nom dans la page.')
    end
    local text = tostring(entry.rank)
    if citation.mode ~= 'SuppressAuthor' then
      local prefix = #citation.prefix > 0 and stringify(citation.prefix) or words[entry.kind]
      text = prefix .. NBSP .. text
    end
    if index > 1 then links:insert(pandoc.Str(', ')) end
    links:insert(pandoc.Link(text, '#' .. citation.id, '', { class = 'renvoi' }))
  end
  return links
end

-- Callouts and tabsets -----------------------------------------------------------------------

-- As Quarto in its `simple` appearance: a title only where one is written, the kind for who listens.
local function callout(div, class)
  local content = pandoc.Blocks(div.content)
  local title
  if div.attributes.title then
    title = pandoc.utils.blocks_to_inlines(pandoc.read(div.attributes.title, 'markdown').blocks)
  elseif content[1] and content[1].t == 'Header' then
    title = content[1].content
    content:remove(1)
  end
  if title then
    content:insert(1, pandoc.Div(pandoc.Plain({ pandoc.Strong(title) }), { class = 'callout-title' }))
  end
  return pandoc.Div(content, pandoc.Attr('', { 'callout', class },
    { { 'role', 'note' }, { 'aria-label', CALLOUTS[class] } }))
end

-- Every panel is in the page, under its heading; tabs.js makes tabs of them.
local function tabset(div)
  local level
  local panels = pandoc.Blocks({})
  local current
  tabsets = tabsets + 1
  for _, block in ipairs(div.content) do
    if block.t == 'Header' and (not level or block.level == level) then
      level = block.level
      current = pandoc.Div({ pandoc.Div(pandoc.Plain({ pandoc.Strong(block.content) }),
        { class = 'tab-title' }) },
        { class = 'tab-panel', id = 'onglet-' .. tabsets .. '-' .. (#panels + 1) })
      panels:insert(current)
    elseif current then
      current.content:insert(block)
    else
      stop('un «' .. NNBSP .. '.panel-tabset' .. NNBSP .. '» commence par un titre, celui de son premier onglet.')
    end
  end
  return pandoc.Div(panels, { class = 'panel-tabset' })
end

local function transform_div(div)
  if kind_of(div.identifier) then return numbered_div(div) end
  for _, class in ipairs(div.classes) do
    if CALLOUTS[class] then return callout(div, class) end
    if class == 'panel-tabset' then return tabset(div) end
  end
end

-- Links --------------------------------------------------------------------------------------

local function from_root(target)
  local folders = select(2, page:gsub('/', ''))
  return string.rep('../', folders) .. target:sub(2)
end

local function link(element)
  local target = element.target
  if target:match('^%a[%w+.-]*:') or target:match('^//') then return nil end
  if target:sub(1, 1) == '/' then target = from_root(target) end
  element.target = target:gsub('%.qmd$', '.html'):gsub('%.qmd([#?])', '.html%1')
  return element
end

local function image(element)
  if element.src:sub(1, 1) == '/' and element.src:sub(2, 2) ~= '/' then
    element.src = from_root(element.src)
    return element
  end
end

-- Document -----------------------------------------------------------------------------------

local function name_page(doc)
  local title = doc.meta.title
  for _, block in ipairs(doc.blocks) do
    if title then break end
    if block.t == 'Header' and block.level == 1 then title = block.content end
  end
  if title then doc.meta.pagetitle = stringify(title) end
end

local numbering = {
  traverse = 'topdown',
  Div = function(div) if kind_of(div.identifier) then number(div.identifier) end end,
  Figure = function(figure) if kind_of(figure.identifier) then number(figure.identifier) end end,
}

local rewriting = {
  Div = transform_div,
  Figure = function(figure)
    if kind_of(figure.identifier) then return numbered_figure(figure) end
  end,
  Cite = reference,
  Link = link,
  Image = image,
}

function Pandoc(doc)
  read_meta(doc.meta)
  if not doc.meta.pagetitle then name_page(doc) end
  doc:walk(numbering)
  return doc:walk(rewriting)
end
