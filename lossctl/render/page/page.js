"use strict";
// Vega's expressions are interpreted (ast): nothing is evaluated, as the page's policy demands.
(() => {
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const config = (width) => ({
    background: "transparent",
    font: getComputedStyle(document.body).fontFamily,  // text is measured with it
    view: { stroke: null },
    style: { "guide-label": { fill: "var(--muted)", fontSize: 11 },
             "guide-title": { fill: "var(--ink)", fontSize: 12, fontWeight: 500 } },
    axis: { gridColor: "var(--line)", domainColor: "var(--line)", tickColor: "var(--line)",
            labelLimit: Math.min(220, Math.round(width * 0.38)), labelOverlap: "greedy" },
    axisDiscrete: { labelOverlap: false, grid: false },
    legend: { labelColor: "var(--ink)", symbolStrokeWidth: 2 },
    bar: { cornerRadiusEnd: 1 },
    scale: { bandPaddingInner: 0.2 },
  });
  const options = (width) => ({
    mode: "vega-lite", ast: true, actions: false, renderer: "svg", defaultStyle: false,
    tooltip: { theme: "page", disableDefaultStyle: true }, config: config(width),
  });
  for (const place of document.querySelectorAll("[data-chart]")) {
    vegaEmbed(place, specs[place.dataset.chart], options(place.clientWidth)).catch((error) => {
      place.textContent = `The chart cannot be drawn: ${error.message}`;
    });
  }
  // What is printed has the tables open.
  const closed = () => document.querySelectorAll("details:not([open])");
  addEventListener("beforeprint", () => closed().forEach((one) => {
    one.open = true;
    one.dataset.printed = "";
  }));
  addEventListener("afterprint", () => document.querySelectorAll("[data-printed]").forEach((one) => {
    one.open = false;
    delete one.dataset.printed;
  }));
})();
