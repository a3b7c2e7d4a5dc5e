"""The look of a post-mortem's page: that of every page, and its chart's."""

from slipway.foresight.pages.style import PALETTE
from slipway.foresight.pages.style import STYLE as PAGE

STYLE = (
    PALETTE
    + PAGE
    + """
.added { background: var(--added); } .removed { background: var(--removed); } .place { color: var(--mark); }
.head { font-weight: 700; }
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
.legend i.point { width: 4px; }
"""
)
