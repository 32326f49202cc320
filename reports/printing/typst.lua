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

function Link(link)
  if link.target:match('^https?:') then return nil end
  return link.content
end

-- Columns as wide as what they hold, whatever the dashes of the source.
function Table(element)
  element.colspecs = element.colspecs:map(function(spec) return { spec[1], nil } end)
  return element
end

function Div(div)
  if div.classes:includes('chapo') then
    local blocks = pandoc.List({ raw('#lead[') })
    blocks:extend(div.content)
    blocks:insert(raw(']'))
    return blocks
  end
end
