// Runs the model in a worker, and makes images of what it returns.
export const at = (id) => document.getElementById(id);
const waiting = new Map();
let last = 0;

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

export function fail(text) {
  at("problem").textContent = text;
  at("status").textContent = "";
}

// `inputs` by name: type, values, shape. Returns values and shape of the output.
export function run(inputs) {
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, inputs }, Object.values(inputs).map(([, values]) => values.buffer));
  });
}

// Image `index` of (N, C, H, W) in [-1, 1]; its upper left `width` by `height` pixels.
export function toImage(values, shape, [low, high], { index = 0, width = shape[3], height = shape[2] } = {}) {
  const [, channels, rows, columns] = shape, plane = rows * columns, half = (high - low) / 2;
  const image = new ImageData(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      for (let c = 0; c < 3; c++) {
        const channel = index * channels + (channels === 1 ? 0 : c);
        const value = values[channel * plane + y * columns + x];
        image.data[to + c] = (Math.min(1, Math.max(-1, value)) + 1) * half + low;
      }
      image.data[to + 3] = 255;
    }
  }
  return image;
}

export async function offer(canvas, name) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = at("download");
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(blob);
  link.download = name;
}

// The metadata of the model.
export const loaded = (async () => {
  const answer = await fetch("model.json");
  if (!answer.ok) throw new Error(`model.json: ${answer.status} ${answer.statusText}`);
  const model = await answer.json();
  const from = model.source.name, to = model.target.name;
  const title = from && from !== to ? `${from} to ${to}` : model.recipe;
  document.title = at("title").textContent = title;
  at("facts").textContent = `${model.recipe}, step ${model.step}, trained on ${model.size[1]}x${model.size[0]} pixels. `
    + "The model runs in this browser.";
  at("status").textContent = "Loading the model ...";
  return model;
})();
loaded.catch((error) => fail(`${error.message}. Open this page through a file server: python -m http.server`));
