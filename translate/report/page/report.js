"use strict";

// sliders that select the preview of a step; a served page keeps the selection when it reloads
for (const box of document.querySelectorAll(".previews")) {
  const slider = box.querySelector("input"), label = box.querySelector("output");
  if (!slider) continue;
  const images = [...box.querySelectorAll("img")];
  const key = `step of ${box.id}`;
  const show = () => {
    images.forEach((image, index) => { image.hidden = index !== Number(slider.value); });
    const step = `step ${images[slider.value].dataset.step}`;
    label.textContent = step;
    slider.setAttribute("aria-valuetext", step);
  };
  slider.addEventListener("input", () => {
    show();
    if (isServed) {
      if (slider.value === slider.max) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, images[slider.value].dataset.step);
    }
  });
  const isServed = document.documentElement.dataset.version;
  const keptStep = isServed && sessionStorage.getItem(key);
  const keptIndex = images.findIndex((image) => image.dataset.step === keptStep);
  slider.value = keptIndex < 0 ? slider.max : keptIndex;  // browsers would restore an old value
  show();
}

// plots: the script of Plotly is in the page, compressed
async function loadPlotly() {
  const text = document.getElementById("plotly").textContent.trim();
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.nonce = document.querySelector("script[nonce]").nonce;
  script.textContent = await new Response(stream).text();
  document.head.append(script);
}

function drawFigures() {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const style = getComputedStyle(document.body);
  // the computed style of an element resolves CSS variables, which Plotly does not read
  const probe = document.createElement("i");
  document.body.append(probe);
  const colourOf = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const [text, line, panel] = ["--text", "--line", "--panel"].map(colourOf);
  probe.remove();
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
  for (const [name, { data, layout }] of Object.entries(figures)) {
    const element = document.getElementById(name);
    Plotly.react(element, data, {
      ...layout,
      xaxis: { ...axis, ...layout.xaxis },
      yaxis: { ...axis, exponentformat: "e", ...layout.yaxis },
      font: { color: text, family: style.fontFamily, size: 12 },
      paper_bgcolor: panel,
      plot_bgcolor: panel,
      margin: { l: 50, r: 10, t: 10, b: 40 },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", font: { size: 11 } },
      showlegend: data.length > 1,
      hovermode: "x unified",
      hoverlabel: { bgcolor: panel },
    }, { displaylogo: false, responsive: true });
  }
}

const plots = document.querySelectorAll(".plot");
if (plots.length) {
  loadPlotly().then(() => {
    drawFigures();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawFigures);
  }).catch((error) => {
    for (const plot of plots) plot.textContent = `The figure cannot be drawn: ${error.message}`;
  });
}

// only with `translate report --watch`: reload the page when the runs have changed
const version = document.documentElement.dataset.version;
if (version) {
  setInterval(async () => {
    const answer = await fetch("version").catch(() => null);
    if (answer?.ok && (await answer.text()) !== version) location.reload();
  }, 5000);
}
