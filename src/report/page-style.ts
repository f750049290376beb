/** The style of the page: light and dark, phone, print. All text has a contrast of 4.5 to 1 at least. */
export const pageStyle = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2230;--quiet:#566072;--line:#d9dee7;--link:#0b5cad;
--good:#116b3a;--good-bg:#e4f5ea;--warn:#8a4b00;--warn-bg:#fdf1dc;--bad:#b3241c;--bad-bg:#fdeae8;--code:#f1f3f7;
--wait:#b9c1ce;--one:#7aa7e0;--two:#4f7fc4;--three:#8f86d6;--four:#2f9e77;--back:#d9822b;--mark:#c4281e}
@media (prefers-color-scheme:dark){:root{--bg:#12161d;--card:#1a202a;--ink:#e6eaf1;--quiet:#9ea9ba;--line:#323b49;--link:#82b7f5;
--good:#6fd39a;--good-bg:#15301f;--warn:#f0b866;--warn-bg:#352810;--bad:#ff9a91;--bad-bg:#3b1a18;--code:#10141b;
--wait:#4a5566;--one:#5b8fd6;--two:#3d6fb8;--three:#877dd6;--four:#2f9e77;--back:#d9822b;--mark:#ff6f63}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:960px;margin:0 auto;padding:20px 16px 40px}
h1{font-size:1.5rem;line-height:1.3;margin:0;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:0 0 10px}
h3{font-size:1rem;margin:0 0 6px;overflow-wrap:anywhere}
p{margin:0 0 8px;overflow-wrap:anywhere}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,pre:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
section,header{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px;margin-bottom:14px}
header{border-left:8px solid var(--line)}
header.good{border-left-color:var(--good)}header.warn{border-left-color:var(--warn)}header.bad{border-left-color:var(--bad)}
.badge{display:inline-block;border-radius:6px;padding:1px 9px;font-weight:600;font-size:.9rem;white-space:nowrap}
.badge.good{color:var(--good);background:var(--good-bg)}.badge.warn{color:var(--warn);background:var(--warn-bg)}.badge.bad{color:var(--bad);background:var(--bad-bg)}
.quiet{color:var(--quiet)}
header p{margin:8px 0 0}
.facts{display:flex;flex-wrap:wrap;gap:2px 18px;margin-top:8px;color:var(--quiet)}
.facts b{color:var(--ink);font-weight:500;overflow-wrap:anywhere}
pre,code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{overflow-wrap:anywhere}
pre{background:var(--code);border:1px solid var(--line);border-radius:6px;margin:0 0 10px;padding:10px;overflow:auto;max-height:420px}
pre.quote{border-left:5px solid var(--bad);white-space:pre-wrap;overflow-wrap:anywhere}
pre.command{white-space:pre-wrap;overflow-wrap:anywhere}
article+article{border-top:1px solid var(--line);margin-top:16px;padding-top:14px}
dl{margin:0 0 10px;display:grid;grid-template-columns:max-content 1fr;gap:4px 14px}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
details{margin:0 0 10px}summary{cursor:pointer;margin-bottom:6px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child>*{border-bottom:0}
th{font-weight:600;color:var(--quiet)}td{overflow-wrap:anywhere}td.time{white-space:nowrap;font-variant-numeric:tabular-nums}
.lane{display:grid;grid-template-columns:150px 1fr;gap:0 12px;margin-bottom:8px;break-inside:avoid}
.lane-name{font-weight:500;overflow-wrap:anywhere;line-height:1.3;padding-top:3px}
.bar{display:block;overflow:visible}
.ground{fill:var(--code);stroke:var(--line)}
.tick{stroke:var(--quiet)}.tick-text{fill:var(--quiet);font-size:12px}
.key{grid-column:2;list-style:none;margin:2px 0 0;padding:0;display:flex;flex-wrap:wrap;gap:0 14px;color:var(--quiet);font-size:13px}
.key b{color:var(--ink);font-weight:500}
.dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:5px}
.wait{fill:var(--wait);background:var(--wait)}.one{fill:var(--one);background:var(--one)}.two{fill:var(--two);background:var(--two)}
.three{fill:var(--three);background:var(--three)}.four{fill:var(--four);background:var(--four)}.back{fill:var(--back);background:var(--back)}
.mark{fill:var(--mark);background:var(--mark)}.shift{fill:var(--ink);background:var(--ink)}.dot.mark{border-radius:50%}circle.mark{stroke:var(--card);stroke-width:2}
.chain{list-style:none;margin:0 0 10px;padding:0;display:flex;flex-wrap:wrap;gap:8px}
.chain li{border:1px solid var(--line);border-radius:8px;padding:6px 12px;max-width:100%;overflow-wrap:anywhere}
.chain b{display:block}.chain .same b,.chain .first b{color:var(--good)}.chain .other b,.chain .not b{color:var(--bad)}.chain .unknown b{color:var(--warn)}
footer{color:var(--quiet);font-size:13px}
@media (max-width:620px){body{font-size:16px}main{padding:10px 8px 30px}section,header{padding:12px}
.lane{grid-template-columns:1fr}.lane-name{padding:0}.key{grid-column:1}.axis .lane-name{display:none}
th:nth-child(3),th:nth-child(4),td:nth-child(3),td:nth-child(4){display:none}td{overflow-wrap:normal}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:6px}th,td{padding-right:7px;font-size:14px}}
@media print{:root{--bg:#fff}body{font-size:11pt}section,header{break-inside:avoid-page;border-color:#999}pre{max-height:none;white-space:pre-wrap}
.wait,.one,.two,.three,.four,.back,.mark,.ground,.dot{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
