// Draws latents, generates images in a worker and shows them on one sheet.
import { at, fail, loaded, offer, run, toImage } from "./model.js";
import { drawLatents } from "./latents.js";

let model;

// The inputs of the network by name.
function inputs(count, seed) {
  const { latents, prior, classes, text_length: length } = model.generation;
  const result = { latents: ["float32", drawLatents(prior, count, seed), [count, ...latents]] };
  if (length) {
    const bytes = new TextEncoder().encode(at("text").value);
    if (!bytes.length || bytes.length > length) {
      throw new Error(`the caption has ${bytes.length} bytes, and those of training had 1 to ${length}`);
    }
    const texts = new Uint8Array(count * length);
    for (let image = 0; image < count; image++) texts.set(bytes, image * length);
    result.condition = ["uint8", texts, [count, length]];
  } else if (classes.length) {
    const label = at("label").value;
    const index = (image) => BigInt(label === "" ? image % classes.length : label);
    result.condition = ["int64", BigInt64Array.from({ length: count }, (_, image) => index(image)), [count]];
  }
  return result;
}

async function generate() {
  const count = Number(at("count").value), seed = Math.max(0, Math.trunc(at("seed").value));
  at("problem").textContent = "";
  at("generate").disabled = true;
  at("status").textContent = "Generating ...";
  try {
    const started = performance.now();
    const { values, shape } = await run(inputs(count, seed));
    if (!values.every(Number.isFinite)) return fail("An image is not finite.");
    await show(values, shape, seed);
    at("status").textContent = `Generated in ${((performance.now() - started) / 1000).toFixed(1)} s.`;
  } catch (error) {
    fail(`No images were generated: ${error.message}.`);
  } finally {
    at("generate").disabled = false;
  }
}

async function show(values, shape, seed) {
  const [count, , height, width] = shape, columns = Math.ceil(Math.sqrt(count)), canvas = at("sheet");
  canvas.width = columns * width;
  canvas.height = Math.ceil(count / columns) * height;
  for (let index = 0; index < count; index++) {
    const image = toImage(values, shape, model.target.range, { index });
    canvas.getContext("2d").putImageData(image, (index % columns) * width, Math.floor(index / columns) * height);
  }
  await offer(canvas, `${model.recipe}-${seed}.png`);
  at("result").hidden = false;
}

loaded.then((metadata) => {
  model = metadata;
  const { classes, text_length: length } = model.generation;
  classes.forEach((name, index) => at("label").append(new Option(name, index)));
  at("classes").hidden = length > 0 || !classes.length;
  at("captions").hidden = !length;
  at("generate").disabled = false;
});
at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  generate();
});
