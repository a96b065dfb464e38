"""How the page looks: one column on a phone, two where there is room, ink in print."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root {
  --paper: #f6f7f9; --card: #ffffff; --ink: #1c2430; --soft: #5b6675; --line: #d5dae1;
  --fine: #15734a; --broken: #bf2f26; --warn: #9a5b00; --note: #2a5ca8;
  --fine-bg: #e8f5ee; --broken-bg: #fdecea; --warn-bg: #fdf3e1; --note-bg: #eaf1fb;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --card: #1a2029; --ink: #e5e9ef; --soft: #a0abb9;
    --line: #323b48; --fine: #5fcf97; --broken: #ff8a80; --warn: #f0b45c;
    --note: #8ab4f8; --fine-bg: #16291f; --broken-bg: #331b1a; --warn-bg: #30250f;
    --note-bg: #18253a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 1040px; margin: 0 auto; padding: 20px 16px 48px; }
h1 { font-size: 15px; margin: 0 0 12px; color: var(--soft); font-weight: 600; }
h2 { font-size: 19px; margin: 32px 0 12px; }
h3 { font-size: 16px; margin: 0 0 6px; overflow-wrap: anywhere; }
p { margin: 0 0 8px; }
code, pre, .endpoint, .place { font-family: var(--mono); font-size: 13px; }
code, .endpoint, .place, li { overflow-wrap: anywhere; }
pre {
  margin: 4px 0 12px; padding: 10px 12px; background: var(--paper);
  border: 1px solid var(--line); border-radius: 6px; overflow-x: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.45;
}
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px; margin: 0 0 12px; break-inside: avoid;
}
.verdict { border-left: 6px solid var(--broken); }
.verdict.usable { border-left-color: var(--warn); }
.verdict.healthy { border-left-color: var(--fine); }
.verdict p { font-size: 20px; line-height: 1.35; font-weight: 600; margin: 0; }
.verdict p { overflow-wrap: anywhere; }
dl.facts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(225px, 1fr));
  gap: 8px 16px; margin: 14px 0 0;
}
dl.facts .whole { grid-column: 1 / -1; }
dl.facts dt { font-size: 12px; color: var(--soft); }
dl.facts dd { margin: 0; font-size: 14px; overflow-wrap: anywhere; }
.badge {
  display: inline-block; padding: 1px 9px; border-radius: 999px; font-size: 12px;
  font-weight: 600; margin-right: 8px; vertical-align: 1px;
}
.problem .badge, .badge.broken { color: var(--broken); background: var(--broken-bg); }
.warning .badge { color: var(--warn); background: var(--warn-bg); }
.note .badge { color: var(--note); background: var(--note-bg); }
.badge.fine { color: var(--fine); background: var(--fine-bg); }
.badge.skipped { color: var(--soft); background: var(--paper); }
.finding.problem { border-left: 4px solid var(--broken); }
.finding.warning { border-left: 4px solid var(--warn); }
.finding.note { border-left: 4px solid var(--note); }
.finding ul { margin: 0 0 10px; padding-left: 20px; font-size: 14px; }
.finding .endpoint { color: var(--soft); margin-bottom: 6px; }
.fix { font-size: 14px; font-weight: 600; margin: 8px 0 2px; }
.fix span { font-weight: 400; color: var(--soft); }
.way { display: flex; flex-wrap: wrap; gap: 6px; margin: 6px 0 0; }
.way .badge { margin: 0; font-weight: 500; }
.place { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
td, th { text-align: left; vertical-align: top; padding: 6px 10px 6px 0; }
td { border-top: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-size: 12px; color: var(--soft); font-weight: 600; }
footer { margin-top: 32px; color: var(--soft); font-size: 13px; }

.map { display: block; width: 100%; height: auto; }
.map text { font-family: var(--mono); font-size: 12px; fill: var(--ink); }
.map .name { font-weight: 700; }
.map .words { fill: var(--soft); }
.map rect { fill: var(--card); stroke: var(--line); stroke-width: 1.5; }
.map .client rect { fill: var(--note-bg); stroke: var(--note); }
.map .dns rect, .map .balancer rect { fill: var(--paper); }
.map .node.fine rect { stroke: var(--fine); }
.map .node.broken rect { stroke: var(--broken); fill: var(--broken-bg); }
.map .node.hairpin rect { stroke: var(--warn); }
.map .cluster { fill: none; stroke: var(--note); stroke-dasharray: 8 5; }
.map .node.dead rect { stroke: var(--soft); stroke-dasharray: 4 4; }
.leg { fill: none; stroke-width: 2; }
.leg.fine { stroke: var(--fine); }
.leg.broken { stroke: var(--broken); stroke-dasharray: 7 4; }
.leg.hairpin { stroke: var(--warn); stroke-width: 3; }
.leg.dead { stroke: var(--soft); stroke-dasharray: 3 5; }
.leg.proposed { stroke: var(--note); stroke-dasharray: 2 4; }
.head.fine { fill: var(--fine); } .head.broken { fill: var(--broken); }
.head.hairpin { fill: var(--warn); } .head.dead { fill: var(--soft); }
.head.proposed { fill: var(--note); }
.map .label { font-weight: 700; }
.map .label.broken { fill: var(--broken); } .map .label.hairpin { fill: var(--warn); }
.map .label.fine { fill: var(--fine); } .map .label.dead { fill: var(--soft); }
.map .label.proposed { fill: var(--note); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; }
.legend { margin: 12px 0 0; list-style: none; font-size: 13px; color: var(--soft); }
.legend svg { width: 34px; height: 10px; margin-right: 6px; vertical-align: 1px; }
.map.wide { display: none; }
.map.narrow { max-width: 420px; margin: 0 auto; }
@media (min-width: 760px) {
  .map.wide { display: block; } .map.narrow { display: none; }
}
@media print {
  :root {
    --paper: #ffffff; --card: #ffffff; --ink: #000000; --soft: #444444;
    --line: #bbbbbb; --fine: #15734a; --broken: #bf2f26; --warn: #9a5b00;
    --note: #2a5ca8; --fine-bg: #ffffff; --broken-bg: #ffffff; --warn-bg: #ffffff;
    --note-bg: #ffffff;
  }
  body { font-size: 11pt; }
  main { max-width: none; padding: 0; }
  .map.wide { display: block; } .map.narrow { display: none; }
  h2 { break-after: avoid; }
}
"""
"""Colours are given as names of what they mean; print has ink on white."""
