-- Run first, by both renderers: what a text typed in a label could do beside being read. Pages are read without raw
-- HTML (`from:` in _quarto.yml); here fall the addresses that run a script and the attributes that hold one.

local KNOWN = { http = true, https = true, mailto = true, tel = true }

-- An address without a scheme, or whose scheme only leads somewhere. Browsers overlook spaces and controls in it.
local function leads(target)
  local scheme = target:gsub('[%c%s]', ''):match('^(%a[%w+.-]*):')
  return scheme == nil or KNOWN[scheme:lower()] == true
end

local function plain(attr)
  for name, _ in pairs(attr.attributes) do
    local lower = name:lower()
    if lower:match('^on') or lower == 'srcdoc' or lower == 'formaction' then attr.attributes[name] = nil end
  end
  return attr
end

local function quiet(element)
  element.attr = plain(element.attr)
  return element
end

local function link(element)
  if not leads(element.target) then return element.content end
  return quiet(element)
end

local function image(element)
  if not leads(element.src) then return element.caption end
  return quiet(element)
end

-- Raw text inside a line is never ours: pages write whole blocks. Those of the metadata are addresses of the menu.
local function raw(element)
  return pandoc.Code(element.text)
end

function Pandoc(doc)
  doc.blocks = doc.blocks:walk({ RawInline = raw })
  return doc
end

return {
  { Link = link, Image = image, Span = quiet, Div = quiet, Header = quiet, Code = quiet, CodeBlock = quiet },
  { Pandoc = Pandoc },
}
