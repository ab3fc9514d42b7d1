// Decodes an image, translates it in a worker and shows both; nothing leaves the computer.
const at = (id) => document.getElementById(id);
const SIZES = [256, 512, 1024];
let model, chosen, last = 0;
const waiting = new Map();

const worker = new Worker("worker.js", { type: "module" });
worker.onerror = () => fail("The model could not be started: use a browser of 2024 or later.");
worker.onmessage = ({ data }) => {
  if (data.ready) at("status").textContent = "The model is ready.";
  else if (data.id === undefined) fail(`The model could not be loaded: ${data.failed}`);
  else {
    const { resolve, reject } = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.failed) reject(new Error(data.failed));
    else resolve(data);
  }
};

function fail(text) {
  at("problem").textContent = text;
  at("status").textContent = "";
}

function run(values, shape) {
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, values, shape }, [values.buffer]);
  });
}

// The smallest length from `side` on that the network takes.
function fit(side) {
  const { multiple_of: multiple, minimum } = model.geometry;
  return Math.ceil(Math.max(side, minimum) / multiple) * multiple;
}

// Return (1, C, H, W) in [-1, 1]; edges are repeated where the network needs longer sides.
function toTensor({ data, width, height }) {
  const rows = fit(height), columns = fit(width), plane = rows * columns;
  const { channels, range: [low, high] } = model.source;
  const values = new Float32Array((channels + (model.takes_mask ? 1 : 0)) * plane);
  const half = (high - low) / 2;
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, to++) {
      const from = 4 * (Math.min(y, height - 1) * width + Math.min(x, width - 1));
      const levels = channels === 1 ? [luma(data, from)] : [0, 1, 2].map((c) => data[from + c]);
      levels.forEach((level, c) => { values[c * plane + to] = Math.fround(level - low) / half - 1; });
      if (model.takes_mask) values[channels * plane + to] = data[from + 3] ? -1 : 1;
    }
  }
  return [values, [1, values.length / plane, rows, columns]];
}

// The luma that OpenCV computes, in its fixed point.
function luma(data, from) {
  return (data[from] * 4899 + data[from + 1] * 9617 + data[from + 2] * 1868 + 8192) >> 14;
}

// `opacity` are the pixels of the original, whose alpha the result gets; null: it is opaque.
function toImage(values, shape, width, height, opacity) {
  const [, channels, rows, columns] = shape, plane = rows * columns;
  const [low, high] = model.target.range, half = (high - low) / 2;
  const image = new ImageData(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      for (let c = 0; c < 3; c++) {
        const value = values[(channels === 1 ? 0 : c) * plane + y * columns + x];
        image.data[to + c] = (Math.min(1, Math.max(-1, value)) + 1) * half + low;
      }
      image.data[to + 3] = opacity ? opacity[to + 3] : 255;
    }
  }
  return image;
}

// Decode `file` without conversion of its colours; larger results are made on white.
async function decode(file) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  const shorter = Number(at("size").value) || Math.min(bitmap.width, bitmap.height);
  const scale = shorter / Math.min(bitmap.width, bitmap.height);
  const canvas = at("before");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (model.geometry.scale !== 1) {
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

async function translate(file) {
  chosen = file;
  at("problem").textContent = "";
  at("result").hidden = true;
  at("status").textContent = `Reading ${file.name} ...`;
  try {
    await loaded;
    let image;
    try {
      image = await decode(file);
    } catch {
      return fail(`${file.name} is no image that this browser can read: choose a PNG, JPEG or WebP.`);
    }
    const { width, height } = image, started = performance.now();
    at("status").textContent = `Translating ${width}x${height} pixels ...`;
    const { values, shape } = await run(...toTensor(image));
    if (chosen !== file) return;
    if (!values.every(Number.isFinite)) return fail("The translation is not finite.");
    const scale = model.geometry.scale, seconds = (performance.now() - started) / 1000;
    const opacity = scale === 1 && !model.takes_mask ? image.data : null;
    await show(toImage(values, shape, scale * width, scale * height, opacity), file);
    at("status").textContent = `Translated in ${seconds.toFixed(1)} s.`;
  } catch (error) {
    fail(`The translation failed: ${error.message}. Choose a smaller size.`);
  }
}

async function show(image, file) {
  const canvas = at("after"), link = at("download");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
  document.querySelector(".frames").classList.toggle("small", image.width < 200);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(blob);
  link.download = `${file.name.replace(/\.[^.]*$/, "")}-${model.target.name || "translated"}.png`;
  at("caption").textContent = `${file.name}, ${image.width}x${image.height}`;
  at("result").hidden = false;
}

const loaded = (async () => {
  const answer = await fetch("model.json");
  if (!answer.ok) throw new Error(`model.json: ${answer.status} ${answer.statusText}`);
  model = await answer.json();
  const from = model.source.name, to = model.target.name;
  const title = from && from !== to ? `${from} to ${to}` : model.recipe;
  document.title = at("title").textContent = title;
  at("facts").textContent = `${model.recipe}, step ${model.step}, trained on ${model.size[1]}x${model.size[0]} pixels. `
    + "The model runs in this browser.";
  for (const size of [...new Set([Math.min(...model.size), ...SIZES])].sort((a, b) => a - b)) {
    at("size").append(new Option(`${size} pixels`, size));
  }
  at("status").textContent = "Loading the model ...";
})();
loaded.catch((error) => fail(`${error.message}. Open this page through a file server: python -m http.server`));

at("image").addEventListener("change", ({ target }) => target.files[0] && translate(target.files[0]));
at("size").addEventListener("change", () => chosen && translate(chosen));
at("share").addEventListener("input", ({ target }) => {
  at("before").style.clipPath = `inset(0 ${100 - target.value}% 0 0)`;
});
at("before").style.clipPath = "inset(0 50% 0 0)";
addEventListener("paste", ({ clipboardData }) => {
  if (clipboardData.files[0]) translate(clipboardData.files[0]);
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.querySelector(".drop").classList.add("over");
});
addEventListener("dragleave", () => document.querySelector(".drop").classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.querySelector(".drop").classList.remove("over");
  if (event.dataTransfer.files[0]) translate(event.dataTransfer.files[0]);
});
