"""The look of a post-mortem's page, in light and dark."""

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f6f7f9; --line: #d9dde3; --text: #1c2128; --quiet: #5b6572;
  --good: #1a7f37; --bad: #c1272d; --busy: #9a6700; --mark: #0b62c4;
  --added: #e4f6e8; --removed: #fdeaea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171c; --raised: #1d2128; --line: #353c46; --text: #e4e8ee; --quiet: #99a4b2;
    --good: #57c26f; --bad: #ff7b72; --busy: #e0a93b; --mark: #6cb2ff;
    --added: #15301c; --removed: #3b1b1d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 70rem; padding: 2rem 1.25rem 4rem;
  background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.5rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .75rem; }
p { margin: .5rem 0; max-width: 60rem; }
.verdict {
  display: inline-block; padding: .1rem .6rem; border: 2px solid currentColor; border-radius: .4rem;
  font-weight: 700; letter-spacing: .02em;
}
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); }
.quiet { color: var(--quiet); }
code, pre, .number { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
table { border-collapse: collapse; width: 100%; }
.scroll { overflow-x: auto; }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td {
  padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word;
}
.number { text-align: right; white-space: nowrap; width: 1%; }
td.number { font-size: .9em; line-height: 1.67; }
th.number { font-family: inherit; }
pre {
  margin: .5rem 0; padding: .6rem .8rem; overflow-x: auto; background: var(--raised); border: 1px solid var(--line);
  border-radius: .4rem; font-size: .85rem; line-height: 1.45;
}
pre span { display: block; min-height: 1.45em; width: max-content; min-width: 100%; }
.added { background: var(--added); } .removed { background: var(--removed); } .place { color: var(--mark); }
.head { font-weight: 700; }
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .8rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.chart { position: relative; padding-top: 4.5rem; }
.row { display: grid; grid-template-columns: 6.5rem 1fr; gap: .75rem; align-items: center; height: 1.5rem; }
.row code { font-size: .85rem; white-space: nowrap; }
.track { position: relative; height: 1rem; background: var(--raised); border-radius: .2rem; }
.bar {
  position: absolute; top: 0; bottom: 0; min-width: 3px; border-radius: .2rem; background: var(--quiet); opacity: .55;
}
.bar.ran { background: var(--busy); opacity: .9; }
.failed { position: absolute; top: -.1rem; bottom: -.1rem; width: 4px; margin-left: -2px; background: var(--bad); }
.marks { position: absolute; inset: 0 0 1.4rem 7.25rem; pointer-events: none; z-index: 1; }
.mark {
  position: absolute; top: 0; bottom: 0; border-left: 1px dashed var(--mark); font-size: .75rem; line-height: 1.05rem;
}
.mark span { position: absolute; left: .3rem; white-space: nowrap; color: var(--mark); background: var(--ground); }
.mark.late span { left: auto; right: .3rem; }
.axis { display: flex; justify-content: space-between; margin-left: 7.25rem; font-size: .8rem; color: var(--quiet); }
.legend { font-size: .85rem; color: var(--quiet); }
.legend i { display: inline-block; width: 1rem; height: .7rem; margin: 0 .3rem 0 .9rem; border-radius: .15rem; }
.legend i.point { width: 4px; }
"""
