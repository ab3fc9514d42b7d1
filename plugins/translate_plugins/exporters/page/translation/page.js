// Decodes an image, translates it in a worker and shows both; nothing leaves the computer.
import { at, fail, loaded, offer, run, toImage } from "./model.js";

const SIZES = [256, 512, 1024];
let model, chosen;

// The smallest length from `side` on that the network takes.
function fit(side) {
  const { multiple_of: multiple, minimum } = model.geometry;
  return Math.ceil(Math.max(side, minimum) / multiple) * multiple;
}

// Return type, values and shape (1, C, H, W) in [-1, 1]; edges are repeated where the network needs longer sides.
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
  return ["float32", values, [1, values.length / plane, rows, columns]];
}

// The luma that OpenCV computes, in its fixed point.
function luma(data, from) {
  return (data[from] * 4899 + data[from + 1] * 9617 + data[from + 2] * 1868 + 8192) >> 14;
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
    model = await loaded;
    let image;
    try {
      image = await decode(file);
    } catch {
      return fail(`${file.name} is no image that this browser can read: choose a PNG, JPEG or WebP.`);
    }
    const { width, height } = image, started = performance.now();
    at("status").textContent = `Translating ${width}x${height} pixels ...`;
    const { values, shape } = await run({ images: toTensor(image) });
    if (chosen !== file) return;
    if (!values.every(Number.isFinite)) return fail("The translation is not finite.");
    const scale = model.geometry.scale, seconds = (performance.now() - started) / 1000;
    const size = { width: scale * width, height: scale * height };
    const result = toImage(values, shape, model.target.range, size);
    if (scale === 1 && !model.takes_mask) { // the result gets the alpha of the original
      for (let to = 3; to < image.data.length; to += 4) result.data[to] = image.data[to];
    }
    await show(result, file);
    at("status").textContent = `Translated in ${seconds.toFixed(1)} s.`;
  } catch (error) {
    fail(`The translation failed: ${error.message}. Choose a smaller size.`);
  }
}

async function show(image, file) {
  const canvas = at("after");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
  document.querySelector(".frames").classList.toggle("small", image.width < 200);
  await offer(canvas, `${file.name.replace(/\.[^.]*$/, "")}-${model.target.name || "translated"}.png`);
  at("caption").textContent = `${file.name}, ${image.width}x${image.height}`;
  at("result").hidden = false;
}

loaded.then(({ size }) => {
  for (const side of [...new Set([Math.min(...size), ...SIZES])].sort((a, b) => a - b)) {
    at("size").append(new Option(`${side} pixels`, side));
  }
});

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
