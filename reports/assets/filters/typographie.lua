-- French typography of prose, run by both renderers: a narrow no-break space before ; : ! ? % » and
-- after «. Code, addresses and raw blocks are left as they are.

local NNBSP = '\u{202f}'

local function is_space(inline)
  return inline ~= nil and (inline.t == 'Space' or inline.t == 'SoftBreak')
end

local function opens_with_high_sign(inline)
  if inline == nil or inline.t ~= 'Str' then return false end
  return inline.text:match('^[;:!%?%%]') ~= nil or inline.text:sub(1, #'»') == '»'
end

local function closes_with_guillemet(inline)
  return inline ~= nil and inline.t == 'Str' and inline.text:sub(-#'«') == '«'
end

function Inlines(inlines)
  for i = 2, #inlines - 1 do
    if is_space(inlines[i])
      and (opens_with_high_sign(inlines[i + 1]) or closes_with_guillemet(inlines[i - 1])) then
      inlines[i] = pandoc.Str(NNBSP)
    end
  end
  return inlines
end
