/** The page's style: two colour schemes, one column on a phone, nothing that moves. */

export const STYLE = `:root{color-scheme:light dark;--bg:#f6f7f5;--card:#fff;--text:#1c2327;--quiet:#566068;--edge:#d9dedf;--ok:#17704a;--warn:#855300;--bad:#b3211a;--warn-bg:#fff7e3;--bad-bg:#fdecea;--plot:#2f6f9f;--plot-area:#2f6f9f26}
@media(prefers-color-scheme:dark){:root{--bg:#13181a;--card:#1b2225;--text:#e6eaeb;--quiet:#a2adb3;--edge:#313b40;--ok:#62cf9a;--warn:#f0b850;--bad:#ff8f85;--warn-bg:#2d2615;--bad-bg:#35201f;--plot:#7ab8e0;--plot-area:#7ab8e033}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:76rem;margin:0 auto;padding:0 1rem}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1rem;padding-top:1.25rem}
h1{font-size:1.25rem;margin:0}
h1 span{font-weight:400;color:var(--quiet)}
h2{font-size:1rem;margin:2rem 0 .6rem}
h3{font-size:.95rem;margin:0}
p,dl,ol,ul,figure{margin:0;padding:0}
ol,ul{list-style:none}
.controls{margin-left:auto;display:flex;gap:.75rem;align-items:baseline}
#live{color:var(--quiet);font-size:.875rem}
#live[data-state=live]{color:var(--ok)}
#live[data-state=lost]{color:var(--bad)}
button{font:inherit;font-size:.875rem;color:inherit;background:var(--card);border:1px solid var(--quiet);border-radius:6px;padding:.15rem .7rem;cursor:pointer}
button[aria-pressed=true]{background:var(--text);color:var(--bg)}
a{color:inherit}
:focus-visible{outline:3px solid var(--plot);outline-offset:2px}
.card{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:.75rem .9rem}
.card.warn{background:var(--warn-bg);border-color:var(--warn)}
.card.bad{background:var(--bad-bg);border-color:var(--bad)}
.small{font-size:.8125rem;color:var(--quiet)}
.card.warn .small,.card.bad .small{color:var(--text)}
.quiet{color:var(--quiet)}
#headline{margin-top:1rem}
#headline ul{list-style:disc;padding-left:1.2rem;margin-top:.4rem}
.big{font-size:1.125rem}
.mark{font-size:.8125rem;font-weight:600;white-space:nowrap}
.big .mark{font-size:1rem;margin-right:.4rem}
.mark.ok{color:var(--ok)}.mark.warn{color:var(--warn)}.mark.bad{color:var(--bad)}
dt{font-size:.75rem;color:var(--quiet)}
.warn dt,.bad dt{color:var(--text)}
dd{margin:0;font-variant-numeric:tabular-nums}
.stage dd{white-space:nowrap}
.flow{display:grid;gap:1.6rem;grid-template-columns:repeat(5,minmax(0,1fr));grid-template-areas:"read kernel batches outbox sink" ". alerts . spool ."}
.stage{position:relative;display:flex;flex-direction:column;gap:.4rem}
.stage dl{display:grid;gap:.3rem}
.stage dl div{display:flex;justify-content:space-between;gap:.5rem;align-items:baseline}
.stage dd{font-weight:600;text-align:right}
#stage-read{grid-area:read}#stage-kernel{grid-area:kernel}#stage-batches{grid-area:batches}#stage-outbox{grid-area:outbox}#stage-sink{grid-area:sink}#stage-alerts{grid-area:alerts}#stage-spool{grid-area:spool}
.stage::before{position:absolute;color:var(--quiet);font-size:1.1rem;line-height:1;content:"→" / "";left:-1.35rem;top:45%}
#stage-read::before{content:none}
#stage-alerts::before{content:"↓" / "";left:50%;top:-1.35rem}
#stage-spool::before{content:"↕" / "";left:50%;top:-1.35rem}
.plots{display:grid;gap:.75rem;grid-template-columns:repeat(3,minmax(0,1fr))}
.plot{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:.6rem .9rem}
.plot figcaption{display:flex;justify-content:space-between;gap:.5rem;font-variant-numeric:tabular-nums}
.plot .label{color:var(--quiet)}
svg{display:block;width:100%;height:3rem;margin:.3rem 0}
.area{fill:var(--plot-area)}
.base{stroke:var(--edge);vector-effect:non-scaling-stroke}
.line{fill:none;stroke:var(--plot);stroke-width:1.5;vector-effect:non-scaling-stroke}
.rows{display:grid;gap:.5rem}
.cells{display:grid;grid-template-columns:repeat(auto-fill,minmax(7.5rem,1fr));gap:.3rem 1rem;margin:.3rem 0}
.name{font-family:ui-monospace,monospace;font-size:.875rem}
.problem p+p{margin-top:.2rem}
.targets li.trouble{color:var(--bad)}
summary{cursor:pointer}
.settings{margin-top:.6rem;display:grid;gap:.35rem}
.settings div{display:grid;grid-template-columns:minmax(0,18rem) minmax(0,1fr);gap:0 1rem;font-family:ui-monospace,monospace;font-size:.8125rem}
.settings dt{font-size:.8125rem}
footer{padding-top:1.5rem;padding-bottom:2rem;color:var(--quiet);font-size:.875rem}
@media(max-width:60rem){.flow{gap:.5rem;grid-template-columns:minmax(0,1fr);grid-template-areas:"read" "kernel" "alerts" "batches" "outbox" "spool" "sink"}#flow .stage::before{content:none}.stage dl{grid-template-columns:repeat(2,minmax(0,1fr));gap:.2rem 1.5rem}#stage-alerts,#stage-spool{margin-left:1.5rem}.plots{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media(max-width:32rem){.plot{padding:.5rem .7rem}.plot figcaption{flex-wrap:wrap}.settings div{grid-template-columns:minmax(0,1fr)}.controls{margin-left:0}}
@media(prefers-reduced-motion:no-preference){.stage{transition:background-color .3s}}
`;
