"""The look of every page and drawing: one palette in light and dark, one stylesheet for pages, one for drawings.

Text keeps a contrast of 4.5 to 1 to what it stands on, also on the coloured parts; no two parts that touch each other
differ in hue alone: they carry words or numbers, and what is sick or leaving is hatched.
"""

_LIGHT = """
  --ground: #ffffff; --raised: #f6f7f9; --line: #d9dde3; --text: #1c2128; --quiet: #5b6572;
  --good: #1a7f37; --bad: #c1272d; --busy: #8a5a00; --mark: #0b62c4;
  --added: #e4f6e8; --removed: #fdeaea;
  --ink: #1c2128; --paper: #ffffff; --hatch: rgba(0, 0, 0, .17);
  --placed: #66707d; --pull: #0f6f80; --start: #9681de; --checked: #c28512; --new: #319d77; --old: #2b5ea8;
  --sick: #c1272d; --drain: #b04c8a; --stop: #4f4038; --hold: #565aa0; --overhead: #6f7783;
"""
_DARK = """
  --ground: #14171c; --raised: #1d2128; --line: #353c46; --text: #e4e8ee; --quiet: #9da8b6;
  --good: #57c26f; --bad: #ff7b72; --busy: #e0a93b; --mark: #6cb2ff;
  --added: #15301c; --removed: #3b1b1d;
  --ink: #101318; --paper: #101318; --hatch: rgba(255, 255, 255, .3);
  --placed: #98a3b1; --pull: #2a8ea5; --start: #b3a0f0; --checked: #e0b04c; --new: #5fd0a0; --old: #5b8fd6;
  --sick: #ff7b72; --drain: #d987b4; --stop: #96806f; --hold: #a8abec; --overhead: #8993a1;
"""

#: The colours as variables; those of the dark ones hold wherever the reader prefers them, but never on paper.
PALETTE = f"""
:root {{ color-scheme: light dark;{_LIGHT}}}
@media screen and (prefers-color-scheme: dark) {{ :root {{{_DARK}}} }}
"""

#: Names of the colours that parts of a drawing have.
COLOURS = ("placed", "pull", "start", "checked", "new", "old", "sick", "drain", "stop", "hold", "overhead")

#: Those that are written on in ink, the others in paper.
INKED = ("start", "checked", "new")

_FILLS = "\n".join(f".{name} {{ fill: var(--{name}); background-color: var(--{name}); }}" for name in COLOURS)

#: Drawings: used by those within pages and by those that stand alone.
DRAWING = (
    """
svg { font-family: system-ui, sans-serif; font-size: 12px; }
svg text { fill: var(--text); }
svg .quiet { fill: var(--quiet); }
svg .on { fill: var(--paper); font-size: 11px; pointer-events: none; }
svg .name {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 11px;
}
svg .head { font-weight: 600; }
svg .right { text-anchor: end; } svg .middle { text-anchor: middle; }
svg .ground { fill: var(--ground); } svg .raised { fill: var(--raised); }
svg .grid { stroke: var(--line); stroke-width: 1; fill: none; }
svg .under { stroke: var(--ground); stroke-width: 4; stroke-opacity: .55; fill: none; }
svg .level { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 6 4; fill: none; }
svg .least { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 2 3; fill: none; }
svg .round { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 4; fill: none; }
svg .halo { stroke: var(--ground); stroke-width: 4; fill: none; stroke-linejoin: round; stroke-linecap: round; }
svg .path { stroke: var(--text); stroke-width: 3; fill: none; stroke-linejoin: round; stroke-linecap: round; }
svg .link { stroke: var(--text); stroke-width: 1.5; fill: none; }
svg .faint { stroke-width: .75; stroke-opacity: .4; }
svg .badge { fill: var(--text); }
svg .number { fill: var(--ground); font-size: 9px; font-weight: 700; text-anchor: middle; }
svg .failed { stroke: var(--bad); stroke-width: 2.5; fill: none; }
svg .front { stroke: var(--mark); stroke-width: 1.5; fill: none; }
svg .point { fill: var(--ground); stroke: var(--quiet); stroke-width: 2; }
svg .point.best { stroke: var(--mark); } svg .point.today { fill: var(--text); stroke: var(--text); }
svg .figure { font-size: 10px; font-weight: 700; text-anchor: middle; pointer-events: none; }
svg .label { stroke: var(--ground); stroke-width: 3; paint-order: stroke; stroke-linejoin: round; }
svg .inverse { fill: var(--ground); }
svg .hatching { stroke: var(--hatch); stroke-width: 2; }
"""
    + _FILLS
    + "".join(f"\nsvg .on-{name} {{ fill: var(--ink); }}" for name in INKED)
    + "\n"
)

#: Pages, without what belongs to drawings.
STYLE = """
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 70rem; padding: 2rem 1.25rem 4rem;
  background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
p { margin: .5rem 0; max-width: 60rem; }
.verdict {
  display: inline-block; padding: .1rem .6rem; border: 2px solid currentColor; border-radius: .4rem;
  font-weight: 700; letter-spacing: .02em;
}
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); }
.quiet { color: var(--quiet); }
code { overflow-wrap: anywhere; }
code, pre, .number { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
table { border-collapse: collapse; width: 100%; }
.scroll { overflow-x: auto; }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td {
  padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word;
}
.number { text-align: right; white-space: nowrap; width: 1%; }
td.number { font-size: .9em; line-height: 1.67; }
td > details { padding: .15rem .6rem; margin: .3rem 0; font-size: .9em; } details table { font-size: .95em; }
th.number { font-family: inherit; }
pre {
  margin: .5rem 0; padding: .6rem .8rem; overflow-x: auto; background: var(--raised); border: 1px solid var(--line);
  border-radius: .4rem; font-size: .85rem; line-height: 1.45;
}
pre span { display: block; min-height: 1.45em; width: max-content; min-width: 100%; }
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .8rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.legend { font-size: .85rem; color: var(--quiet); margin: .5rem 0; padding: 0; list-style: none; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
.tiles div { background: var(--raised); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tiles dt { font-size: .85rem; color: var(--quiet); }
.tiles dd { margin: 0; font-size: 1.35rem; font-weight: 650; line-height: 1.3; }
.tiles dd small { display: block; font-size: .8rem; font-weight: 400; color: var(--quiet); }
.facts { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .25rem 1.25rem; margin: .5rem 0; }
.facts dt { color: var(--quiet); } .facts dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figcaption { font-size: .85rem; color: var(--quiet); margin-top: .35rem; }
figure svg { display: block; width: 100%; height: auto; }
.narrow { display: none; max-width: 34rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; }
.pair > * { min-width: 0; }
.legend li { display: inline-block; margin: 0 1.1rem .2rem 0; white-space: nowrap; }
.legend i, .swatch {
  display: inline-block; width: .85rem; height: .85rem; margin-right: .4rem; border-radius: .2rem;
  vertical-align: -.1rem;
}
.legend i.line { height: 0; width: 1.4rem; border-top: 3px solid var(--text); vertical-align: .25rem; }
.legend i.line { border-radius: 0; }
.legend i.line.dashed { border-top: 2px dashed var(--text); }
.legend i.line.dotted { border-top: 2px dotted var(--text); }
.legend i.dot { border: 2px solid var(--quiet); border-radius: 50%; }
.legend i.best { border-color: var(--mark); } .legend i.today { background: var(--text); border-color: var(--text); }
.part { display: inline-block; white-space: nowrap; margin-right: .8rem; }
.hatched { background-image: repeating-linear-gradient(45deg, transparent 0 3px, var(--hatch) 3px 5px); }
.share { display: flex; height: 1.6rem; border-radius: .35rem; overflow: hidden; gap: 1px; margin: .5rem 0 1rem; }
.share span { min-width: 1px; }
.gauge { background: var(--raised); border-radius: .2rem; height: .6rem; margin: .4rem 0 .2rem; }
.gauge span { display: block; height: 100%; border-radius: .2rem; min-width: 2px; }
.warning { border-left: 4px solid var(--busy); padding: .1rem 0 .1rem .8rem; }
.risks { margin: .4rem 0; padding-left: 1.2rem; color: var(--quiet); }
.risks.warning { padding-left: 2rem; }
.less { display: none; }
footer { margin-top: 3rem; }
@media (max-width: 700px) {
  body { padding: 1.25rem 1rem 3rem; }
  .wide { display: none; } .narrow { display: block; }
  .pair { grid-template-columns: 1fr; }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .4rem; }
  .tiles { grid-template-columns: 1fr 1fr; }
  th, td { padding-right: .6rem; }
  th:last-child, td:last-child { padding-right: 0; }
  table { font-size: .9rem; } th, th.number { white-space: normal; }
  td:last-child:not(.number) { overflow-wrap: anywhere; min-width: 7rem; }
  code { overflow-wrap: anywhere; } .more { display: none; } .less { display: block; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  figure, tr, .tiles { break-inside: avoid; }
  .scroll { overflow: visible; }
}
"""
