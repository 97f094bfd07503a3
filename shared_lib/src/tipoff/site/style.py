"""The page's style and script. The page loads nothing else."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #f7f6f3; --card: #ffffff; --ink: #1d2129; --soft: #5c6470; --edge: #dedbd3; --accent: #c2410c;
  --good: #15803d; --good-bg: #dcf5e3; --bad: #b91c1c; --bad-bg: #fde3e1; --warn: #92580a; --warn-bg: #fdf0d0;
  --idle: #5c6470; --idle-bg: #ecebe6;
  --line: #6b7280; --s0: #1d6fd1; --s1: #c2410c; --s2: #15803d; --s3: #8b3fc4; --s4: #a16207;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --card: #1d2026; --ink: #e8e6e1; --soft: #a1a7b3; --edge: #343943; --accent: #fb923c;
    --good: #6ee79b; --good-bg: #133a22; --bad: #fca5a0; --bad-bg: #4a1c1a; --warn: #f6cd6b; --warn-bg: #44330d;
    --idle: #a1a7b3; --idle-bg: #2a2e36;
    --line: #9ca3af; --s0: #6cb0f8; --s1: #fb923c; --s2: #6ee79b; --s3: #cf9bf5; --s4: #f0cf63;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto,
  "Helvetica Neue", "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 1200px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h1 span { color: var(--accent); }
h2 { font-size: 19px; margin: 0 0 4px; }
section > h2:not(:first-child) { margin-top: 30px; font-size: 17px; }
.meta, .note, footer { color: var(--soft); }
.meta { margin: 6px 0 0; font-size: 14px; }
.note { margin: 0 0 14px; font-size: 14px; max-width: 78ch; }
.statement { border-left: 4px solid var(--accent); padding: 2px 0 2px 14px; margin: 18px 0 0; font-size: 17px; }
nav { margin: 18px 0 0; display: flex; flex-wrap: wrap; gap: 6px 18px; font-size: 14px; }
a { color: inherit; text-underline-offset: 3px; }
section { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 20px;
  margin: 18px 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0 0; }
.tile { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 12px 16px; }
.tile b { display: block; font-size: 25px; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; }
.tall { max-height: 560px; overflow: auto; border: 1px solid var(--edge); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: left; border-bottom: 1px solid var(--edge); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); font-size: 13px; vertical-align: bottom; }
.tall th, .tall td { padding: 5px 8px; }
.tall thead th { position: sticky; top: 0; background: var(--card); }
tbody tr:last-child td { border-bottom: 0; }
.num { text-align: right; }
.wrap { white-space: normal; overflow-wrap: anywhere; min-width: 22ch; }
code { font: 13px/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.strong { font-weight: 650; }
.badge { display: inline-block; border-radius: 5px; padding: 1px 7px; font-size: 12.5px; font-weight: 600; }
.good { color: var(--good); background: var(--good-bg); }
.bad { color: var(--bad); background: var(--bad-bg); }
.warn { color: var(--warn); background: var(--warn-bg); }
.idle { color: var(--idle); background: var(--idle-bg); }
.grid-table td { padding: 3px; text-align: center; }
.grid-table td:first-child { text-align: left; padding-right: 14px; }
.grid-table th { text-align: center; padding: 3px; font-size: 12px; }
.cell { display: block; min-width: 44px; border-radius: 4px; padding: 2px 4px; font-size: 12.5px; }
svg { max-width: 100%; height: auto; display: block; margin-top: 18px; }
svg.wide { width: 100%; min-width: 680px; }
svg text { fill: var(--soft); font-size: 12px; }
.end { text-anchor: end; } .middle { text-anchor: middle; }
.gridline { stroke: var(--edge); stroke-width: 1; }
.ideal { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 5 5; }
.track { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
.track.line { stroke-dasharray: 6 5; }
.dot { stroke: var(--card); stroke-width: 1.5; } .soft { fill-opacity: 0.75; }
.track.line { stroke: var(--line); } .dot.line { fill: var(--line); } .key.line { background: var(--line); }
.track.s0 { stroke: var(--s0); } .dot.s0 { fill: var(--s0); } .key.s0 { background: var(--s0); }
.track.s1 { stroke: var(--s1); } .dot.s1 { fill: var(--s1); } .key.s1 { background: var(--s1); }
.track.s2 { stroke: var(--s2); } .dot.s2 { fill: var(--s2); } .key.s2 { background: var(--s2); }
.track.s3 { stroke: var(--s3); } .dot.s3 { fill: var(--s3); } .key.s3 { background: var(--s3); }
.track.s4 { stroke: var(--s4); } .dot.s4 { fill: var(--s4); } .key.s4 { background: var(--s4); }
.bar.succeeded { fill: var(--good); } .bar.failed { fill: var(--bad); } .bar.active { fill: var(--warn); }
.bar.cancelled { fill: var(--idle); } .bar.s0 { fill: var(--s0); }
.legend { margin: 8px 0 0; display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13.5px; color: var(--soft); }
.key { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 7px; vertical-align: middle; }
.filters { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin: 0 0 12px; }
input, select { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--edge);
  border-radius: 6px; padding: 6px 10px; }
input { min-width: 24ch; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
footer { padding-bottom: 40px; font-size: 13.5px; }
@media print { section { break-inside: avoid; } .filters, nav { display: none; } .tall { max-height: none; } }
"""

SCRIPT = """
(function () {
  "use strict";
  var body = document.getElementById("prediction-rows");
  if (!body) { return; }
  var rows = Array.prototype.slice.call(body.rows);
  var player = document.getElementById("filter-player");
  var date = document.getElementById("filter-date");
  var system = document.getElementById("filter-system");
  var shown = document.getElementById("filter-count");
  function plain(text) {
    return text.normalize("NFD").replace(/[\\u0300-\\u036f]/g, "").toLowerCase();
  }
  rows.forEach(function (row) { row.searchText = plain(row.dataset.player + " " + row.dataset.team); });
  function apply() {
    var wanted = plain(player.value.trim()), count = 0;
    rows.forEach(function (row) {
      var fits = (!wanted || row.searchText.indexOf(wanted) >= 0)
        && (!date.value || row.dataset.date === date.value)
        && (!system.value || row.dataset.system === system.value);
      row.hidden = !fits;
      if (fits) { count += 1; }
    });
    shown.textContent = count + " of " + rows.length + " rows";
  }
  [player, date, system].forEach(function (control) { control.addEventListener("input", apply); });
  apply();
}());
"""
