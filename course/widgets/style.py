"""The look of all demos, for whatever theme the page has.

Colours are variables: those of JupyterLab where it is, those of VS Code and Colab where they are,
and plain ones elsewhere. Fills are Okabe and Ito's, lightened on dark pages; nothing is told by
colour alone.
"""

_LIGHT = """
  --u-ink: var(--jp-content-font-color1, var(--vscode-editor-foreground, #1b1b1b));
  --u-soft: var(--jp-content-font-color2, var(--vscode-editor-foreground, #545454));
  --u-paper: var(--jp-layout-color0, var(--vscode-editor-background, #fff));
  --u-edge: var(--jp-border-color1, var(--vscode-panel-border, #b5b5b5));
  --u-blue: #0072b2; --u-orange: #d55e00; --u-pale: #e9eef2;
  --u-fault: #a01010;
"""
_DARK = """
  --u-ink: var(--jp-content-font-color1, var(--vscode-editor-foreground, #ececec));
  --u-soft: var(--jp-content-font-color2, var(--vscode-editor-foreground, #b8b8b8));
  --u-paper: var(--jp-layout-color0, var(--vscode-editor-background, #1c1c1c));
  --u-edge: var(--jp-border-color1, var(--vscode-panel-border, #6b6b6b));
  --u-blue: #56b4e9; --u-orange: #f0954a; --u-pale: #333a40;
  --u-fault: #ff9a9a;
  --jp-widgets-dropdown-arrow: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 18 18'%3E%3Cpath d='M5 7l4 4 4-4' fill='none' stroke='white'/%3E%3C/svg%3E");
"""
_DARK_PAGES = ", ".join(
    f"{page} .unrolled"
    for page in ("[data-jp-theme-light=false]", "body.vscode-dark", "html[theme=dark]")
)

# What a drawing needs wherever it stands, in a page or as an image of its own.
DRAWING = """
.u-drawing { display: block; overflow: visible; }
.u-drawing text { font: 13px system-ui, sans-serif; fill: var(--u-ink); }
.u-drawing .small { font-size: 11px; }
.u-drawing .soft { fill: var(--u-soft); }
.u-drawing .strong { font-weight: 700; }
.u-drawing .special { font-style: italic; }
.u-drawing .bar, .u-drawing .blue { fill: var(--u-blue); }
.u-drawing .chosen, .u-drawing .orange { fill: var(--u-orange); }
.u-drawing .pale { fill: var(--u-pale); }
.u-drawing .line { fill: none; stroke: var(--u-edge); }
.u-drawing .stroke-blue { fill: none; stroke: var(--u-blue); stroke-width: 2; }
.u-drawing .stroke-orange { fill: none; stroke: var(--u-orange); stroke-width: 2; }
.u-drawing .cursor { fill: none; stroke: var(--u-ink); stroke-width: 2; }
"""

_PAGE = """
.unrolled { color: var(--u-ink); max-width: 1000px;
  font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px; }
.unrolled p { margin: 2px 0; font-size: 13px; line-height: 1.45; }
.unrolled .u-title { font-weight: 600; margin: 0; color: var(--u-ink); }
.unrolled .u-pane { box-sizing: border-box; overflow: auto; line-height: 1.45; width: 100%;
  color: var(--u-ink); font-size: 13px; }
.unrolled .u-label { color: var(--u-soft); }
.unrolled .u-chip { display: inline-block; border: 1px solid var(--u-edge); border-radius: 4px;
  padding: 0 6px; margin: 2px 3px 2px 0; color: var(--u-ink); }
.unrolled .u-chip.special { font-style: italic; color: var(--u-soft); }
.unrolled .u-chip.unknown { border: 1px dashed var(--u-ink); }
.unrolled .u-chip.unknown::after { content: " ?"; font-weight: 700; }
.unrolled .u-chip.forced { border: 2px solid var(--u-orange); font-weight: 700; }
.unrolled .u-chip.forced::before { content: "\\270e "; }
.unrolled .u-chip.now { outline: 2px solid var(--u-ink); font-weight: 700; }
.unrolled .u-chip.next { border-style: dotted; color: var(--u-soft); }
.unrolled table.u-table { border-collapse: collapse; margin: 0; font-size: 12px; width: auto;
  color: var(--u-ink); background: transparent; table-layout: auto; }
.unrolled .u-table caption { text-align: left; caption-side: top; color: var(--u-soft);
  padding: 0 0 2px; font-size: 12px; }
.unrolled .u-table th, .unrolled .u-table td { padding: 1px 8px 1px 0; text-align: left;
  color: var(--u-ink); background: transparent; border: 0;
  border-bottom: 1px solid var(--u-edge); white-space: nowrap; }
.unrolled .u-table td.number, .unrolled .u-table th.number { text-align: right;
  font-variant-numeric: tabular-nums; }
.unrolled .u-table tr.chosen { font-weight: 700; }
.unrolled .u-line { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.unrolled .u-message { min-height: 20px; line-height: 20px; color: var(--u-soft); }
.unrolled .u-message.fault { color: var(--u-fault); font-weight: 600; }
.unrolled .u-message.fault::before { content: "! "; }
.unrolled button:focus-visible, .unrolled input:focus-visible, .unrolled select:focus-visible,
.unrolled textarea:focus-visible, .unrolled [tabindex]:focus-visible,
.unrolled [contenteditable]:focus-visible {
  outline: 3px solid var(--u-orange) !important; outline-offset: 1px; }
.unrolled .widget-button, .unrolled .jupyter-button { color: var(--u-ink); }
.unrolled .widget-button:disabled, .unrolled .jupyter-button:disabled { opacity: 0.45; }
.unrolled .widget-label, .unrolled .widget-readout { color: var(--u-ink); }
.unrolled .widget-html-content { min-width: 0; }
.unrolled img.u-image { max-width: 100%; height: auto; background: #fff; }
@media print { .unrolled .u-pane { overflow: visible; height: auto !important; } }
"""

PAGE = f".unrolled {{{_LIGHT}}}\n{_DARK_PAGES} {{{_DARK}}}\n{_PAGE}{DRAWING}"
ALONE = f".u-drawing {{{_LIGHT}}}\n{DRAWING}"
