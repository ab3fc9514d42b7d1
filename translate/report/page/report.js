"use strict";

// sliders: the preview of a step
for (const box of document.querySelectorAll(".previews")) {
  const slider = box.querySelector("input"), shown = box.querySelector("output");
  if (!slider) continue;
  const images = [...box.querySelectorAll("img")];
  const key = `step of ${box.id}`;
  const show = () => {
    images.forEach((image, place) => { image.hidden = place !== Number(slider.value); });
    const step = `step ${images[slider.value].dataset.step}`;
    shown.textContent = step;
    slider.setAttribute("aria-valuetext", step);
  };
  slider.addEventListener("input", () => {
    show();
    if (watched) {
      if (slider.value === slider.max) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, images[slider.value].dataset.step);
    }
  });
  const watched = document.documentElement.dataset.version;
  const kept = watched && sessionStorage.getItem(key);
  const place = images.findIndex((image) => image.dataset.step === kept);
  slider.value = place < 0 ? slider.max : place;  // browsers restore an old value otherwise
  show();
}

// figures: Plotly, compressed within the page
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
  const probe = document.createElement("i");
  document.body.append(probe);
  const resolved = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const [text, line, panel] = ["--text", "--line", "--panel"].map(resolved);
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

// `translate report --watch`: reload when the runs have changed
const version = document.documentElement.dataset.version;
if (version) {
  setInterval(async () => {
    const answer = await fetch("version").catch(() => null);
    if (answer?.ok && (await answer.text()) !== version) location.reload();
  }, 5000);
}
