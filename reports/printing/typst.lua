-- From a page of the site to the printed report: figures by their name, key figures as a list, and no link that paper
-- cannot follow.

local function raw(text)
  return pandoc.RawBlock('typst', text)
end

local function key_figures(html)
  local rows = pandoc.List()
  for item in html:gmatch('<li>(.-)</li>') do
    local value = item:match('<b>(.-)</b>')
    local interval = item:match('<span class="ic">(.-)</span>') or ''
    local sentence = item:match('<p>(.-)</p>') or ''
    local cells = pandoc.List()
    for _, part in ipairs({ value, interval, sentence }) do
      local read = pandoc.read(part, 'html').blocks
      cells:insert('[' .. pandoc.write(pandoc.Pandoc(read), 'typst'):gsub('%s+$', '') .. ']')
    end
    rows:insert('(' .. table.concat(cells, ', ') .. ')')
  end
  return raw('#key-figures((' .. table.concat(rows, ', ') .. ',))')
end

function RawBlock(block)
  if block.format ~= 'html' then return nil end
  local chart = block.text:match('<figure class="chart" id="([%w-]+)"')
  if chart then return raw('#chart("' .. chart .. '")') end
  if block.text:match('<ul class="key">') then return key_figures(block.text) end
  return pandoc.read(block.text, 'html').blocks
end

-- Towards another chapter, its page; towards the web, the address; else the words alone.
function Link(link)
  if link.target:match('^https?:') then return nil end
  local chapter = link.target:match('^([%w-]+)%.qmd')
  if not chapter then return link.content end
  local inlines = pandoc.List({ pandoc.RawInline('typst', '#to-chapter("' .. chapter .. '")[') })
  inlines:extend(link.content)
  inlines:insert(pandoc.RawInline('typst', ']'))
  return inlines
end

-- The signs of the longest cell of each column, no less than its longest word.
local LINE, LONGEST, BESIDE = 104, 40, 3

local function measure(rows, widths)
  for _, row in ipairs(rows) do
    for index, cell in ipairs(row.cells) do
      local text = pandoc.utils.stringify(cell.contents)
      local word = 0
      for part in text:gmatch('[^ ]+') do word = math.max(word, pandoc.text.len(part)) end
      local wanted = math.max(word, math.min(LONGEST, pandoc.text.len(text))) + BESIDE
      widths[index] = math.max(widths[index] or 0, wanted)
    end
  end
end

-- Columns as wide as what they hold, and the first takes what is left of the line.
function Table(element)
  local widths, total = {}, 0
  measure(element.head.rows, widths)
  for _, body in ipairs(element.bodies) do measure(body.body, widths) end
  for _, width in ipairs(widths) do total = total + width end
  if total < LINE then
    widths[1] = widths[1] + LINE - total
    total = LINE
  end
  for index, spec in ipairs(element.colspecs) do
    element.colspecs[index] = { spec[1], (widths[index] or 1) / total }
  end
  return element
end

-- Before a heading that opens a page.
function Header(header)
  if header.classes:includes('nouvelle-page') then
    return { raw('#pagebreak(weak: true)'), header }
  end
end

function Div(div)
  if div.classes:includes('ecran') then return {} end
  if div.classes:includes('chapo') then
    local blocks = pandoc.List({ raw('#lead[') })
    blocks:extend(div.content)
    blocks:insert(raw(']'))
    return blocks
  end
end
