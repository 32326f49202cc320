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

-- The identifier of a figure; nothing for another block.
local function chart_of(block)
  return block.format == 'html' and block.text:match('<figure class="chart" id="([%w-]+)"')
end

local function raw_block(block)
  if block.format ~= 'html' then return nil end
  local chart = chart_of(block)
  if chart then return raw('#chart("' .. chart .. '")') end
  if block.text:match('<ul class="key">') then return key_figures(block.text) end
  return pandoc.read(block.text, 'html').blocks
end

-- Towards another chapter, its page; towards the web, the address; else the words alone.
local function link(element)
  if element.target:match('^https?:') then return nil end
  local chapter = element.target:match('^([%w-]+)%.qmd')
  if not chapter then return element.content end
  local inlines = pandoc.List({ pandoc.RawInline('typst', '#to-chapter("' .. chapter .. '")[') })
  inlines:extend(element.content)
  inlines:insert(pandoc.RawInline('typst', ']'))
  return inlines
end

-- The signs of the longest cell of each column, no less than its longest word.
local LINE, LONGEST, SHORT, BESIDE = 104, 40, 14, 4

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
local function columns(element)
  local widths, total = {}, 0
  measure(element.head.rows, widths)
  for _, body in ipairs(element.bodies) do measure(body.body, widths) end
  for _, width in ipairs(widths) do total = total + width end
  local kept = 0  -- short columns keep their width, the long ones share the rest
  for _, width in ipairs(widths) do
    if width <= SHORT then kept = kept + width end
  end
  if total < LINE then
    widths[1] = widths[1] + LINE - total
  else
    for index, width in ipairs(widths) do
      if width > SHORT then widths[index] = width * (LINE - kept) / (total - kept) end
    end
  end
  for index, spec in ipairs(element.colspecs) do
    element.colspecs[index] = { spec[1], (widths[index] or 1) / LINE }
  end
  return element
end

-- Before a heading that opens a page.
local function header(element)
  if element.classes:includes('nouvelle-page') then
    return { raw('#pagebreak(weak: true)'), element }
  end
end

local function div(element)
  if element.classes:includes('ecran') then return {} end
  if element.classes:includes('chapo') then
    local blocks = pandoc.List({ raw('#lead[') })
    blocks:extend(element.content)
    blocks:insert(raw(']'))
    return blocks
  end
end

local function span(element)
  if element.classes:includes('ecran') then return {} end
end

-- Whether blocks are nothing but a link to a page that is not on paper.
local function leads_nowhere(blocks)
  local only = #blocks == 1 and blocks[1].content
  return only and #only == 1 and only[1].t == 'Link' and only[1].target:match('^[%w-]+/[%w/-]+%.qmd') ~= nil
end

-- A paragraph in bold stands as a heading: it stays with what follows.
local function paragraph(element)
  if leads_nowhere({ element }) then return {} end
  if #element.content == 1 and element.content[1].t == 'Strong' then
    return { raw('#block(sticky: true)['), element, raw(']') }
  end
end

local function list(element)
  element.content = element.content:filter(function(item) return not leads_nowhere(item) end)
  if #element.content == 0 then return {} end
  return element
end

-- What introduces a table, and a figure with its remark, are not parted by the end of a page.
local function neighbours(blocks)
  local kept = pandoc.List()
  for index, block in ipairs(blocks) do
    local after = blocks[index + 1]
    local chart = block.t == 'RawBlock' and chart_of(block)
    if block.t == 'Para' and after and after.t == 'Table' then
      kept:extend({ raw('#block(sticky: true)['), block, raw(']') })
    elseif chart and after and after.t == 'Para' and after.content[1].t == 'Strong' then
      kept:insert(raw('#chart("' .. chart .. '", sticky: true)'))
    else
      kept:insert(block)
    end
  end
  return kept
end

return {
  { Para = paragraph, BulletList = list },
  { Blocks = neighbours },
  { RawBlock = raw_block, Link = link, Table = columns, Header = header, Div = div, Span = span },
}
