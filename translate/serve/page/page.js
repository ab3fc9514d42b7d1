"use strict";

const find = (query, within = document) => within.querySelector(query);
let models = [];
let limits = {};

/* The server prints an address with the token in its fragment; the fragment is removed. */
const tokenOfAddress = new URLSearchParams(location.hash.slice(1)).get("token");
if (tokenOfAddress) {
  sessionStorage.setItem("token", tokenOfAddress);
  history.replaceState(null, "", location.pathname);
}

async function request(path, options = {}) {
  const token = sessionStorage.getItem("token");
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch {
    throw new Error("The server does not answer: has it been stopped?");
  }
  if (response.status === 401) {
    find("#access").hidden = false;
    throw new Error(token ? "The token is wrong." : "This server needs a token.");
  }
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new Error(body.error || `The server answered with status ${response.status}.`);
  }
  return response;
}

async function start() {
  try {
    ({ models, limits } = await (await request("/v1/models")).json());
  } catch (error) {
    find("#problem").textContent = error.message;
    return;
  }
  find("#problem").textContent = "";
  find("#access").hidden = true;
  find("#model").replaceChildren(...models.map((model) => new Option(
    `${model.id} (${model.recipe}, step ${model.step})`, model.id)));
  find("#choice").hidden = false;
  showModel();
}

function showModel() {
  const model = models.find((each) => each.id === find("#model").value);
  for (const ability of ["translate", "sample"]) {
    const section = find(`#${ability}`);
    section.hidden = !model[ability];
    find("figure", section).hidden = true;
    setStatus(section, "");
    if (!model[ability]) continue;
    const [mainFields, otherFields] = [[], []];
    for (const parameter of model[ability].parameters) {
      const isMain = ["to", "side", "label", "text", "count"].includes(parameter.name);
      (isMain ? mainFields : otherFields).push(createField(parameter, ability));
    }
    find(".main-parameters", section).replaceChildren(...mainFields);
    find(".parameters", section).replaceChildren(...otherFields);
    find(".more", section).hidden = !otherFields.length;
  }
  find(".mask").hidden = !(model.translate && model.translate.mask);
}

/* Return a labelled control for one parameter, of the kind that its JSON schema asks for. */
function createField(parameter, ability) {
  const { name, meaning, schema } = parameter;
  const defaultValue = parameter.default;
  const id = `${ability}-${name}`;
  const box = document.createElement("div");
  box.className = "field";
  const label = document.createElement("label");
  label.htmlFor = id;
  let control;
  if (schema.enum) {
    control = document.createElement("select");
    const selected = name === "to" ? schema.enum.at(-1) : defaultValue;
    if (selected === null) control.append(new Option("default", ""));
    control.append(...schema.enum.map((value) => new Option(value, value)));
    if (selected !== null) control.value = selected;
  } else {
    control = document.createElement("input");
    const controlTypes = { integer: "number", number: "number", boolean: "checkbox" };
    control.type = controlTypes[schema.type] || "text";
    control.required = name === "text"; // a caption has no default
    if (control.type === "checkbox") {
      control.checked = defaultValue === true;
    } else {
      control.placeholder = control.required ? "" : String(defaultValue ?? "default");
    }
    if (control.type === "number") {
      control.step = schema.type === "integer" ? 1 : "any";
      if ("minimum" in schema) control.min = schema.minimum;
      if ("maximum" in schema) control.max = schema.maximum;
    }
  }
  control.id = id;
  control.name = name;
  label.append(name.replaceAll("_", " "));
  if (control.type === "checkbox") {
    box.classList.add("check");
    label.prepend(control);
    box.append(label);
  } else {
    box.append(label, control);
  }
  if (meaning) {
    const text = document.createElement("small");
    text.id = `${id}-meaning`;
    text.textContent = meaning;
    control.setAttribute("aria-describedby", text.id);
    box.append(text);
  }
  return box;
}

/* Return the values of the form; the server uses its defaults for controls that are empty. */
function readForm(section) {
  const form = new FormData();
  form.append("model", find("#model").value);
  for (const control of section.querySelectorAll(".field [name]")) {
    if (control.type === "file") continue;
    const value = control.type === "checkbox" ? String(control.checked) : control.value;
    if (value) form.append(control.name, value);
  }
  return form;
}

function setStatus(section, text, failed = false) {
  const status = find(".status", section);
  status.textContent = text;
  status.classList.toggle("failed", failed);
}

/* Send a form, and return the file of the result, with previews if browsers cannot display it.
   If the request fails, display the error and return null. */
async function send(section, path, form, progressText) {
  const button = find("button", section);
  button.disabled = true;
  setStatus(section, progressText);
  try {
    const headers = { Accept: "multipart/form-data" };
    const response = await request(path, { method: "POST", body: form, headers });
    const notes = JSON.parse(response.headers.get("X-Translate-Notes") || "[]");
    const parts = await response.formData();
    const file = parts.get("image");
    setStatus(section, notes.length ? `Done. Note: ${notes.join("; ")}.` : "Done.");
    return { file, before: parts.get("before"), after: parts.get("after") };
  } catch (error) {
    setStatus(section, error.message, true);
    return null;
  } finally {
    button.disabled = false;
  }
}

/* Display a file in an image element, and resolve to whether the browser could decode it. */
function show(image, file, alt) {
  URL.revokeObjectURL(image.src);
  image.alt = alt;
  image.src = URL.createObjectURL(file);
  return image.decode().then(() => true, () => false);
}

const suffixOf = (file) => /\.\w+$/.exec(file.name)[0];

function setDownload(link, file, name) {
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(file);
  link.download = name;
}

async function translateImage(event) {
  event.preventDefault();
  const section = find("#translate");
  const figure = find("#comparison");
  const file = find("#image").files[0];
  figure.hidden = true;
  if (!file) {
    setStatus(section, "Choose an image first.", true);
    return;
  }
  if (file.size > limits.max_bytes) {
    const maxMegabytes = Math.floor(limits.max_bytes / 1e6);
    setStatus(section, `${file.name} is too large: at most ${maxMegabytes} MB are accepted.`, true);
    return;
  }
  const form = readForm(section);
  form.append("image", file);
  const mask = find("#mask").files[0];
  if (mask && !find(".mask").hidden) form.append("mask", mask);
  const result = await send(section, "/v1/translate", form, "Translating …");
  if (!result) return;
  const target = form.get("to") || "result"; // for names of files
  const before = find("#before");
  const after = find("#after");
  const displayed = await Promise.all([
    show(after, result.after || result.file, `The result: ${file.name}, translated (${target})`),
    show(before, result.before || file, `The original: ${file.name}`),
  ]);
  const allDisplayed = displayed.every(Boolean);
  for (const query of [".frames", "label", "#split"]) find(query, figure).hidden = !allDisplayed;
  const ratio = (image) => image.naturalWidth / image.naturalHeight;
  const frames = find(".frames");
  frames.classList.toggle("apart", Math.abs(ratio(before) / ratio(after) - 1) > 0.02);
  frames.classList.toggle("small", before.naturalWidth < 256);
  const sizes = [before, after].map((image) => `${image.naturalWidth}x${image.naturalHeight}`);
  find("figcaption", figure).textContent = result.after
    ? "8-bit previews; the download has all values, in the full size."
    : allDisplayed ? sizes.join(" → ")
      : "This browser cannot display this format; the download is complete.";
  const stem = file.name.replace(/\.[^.]*$/, "");
  setDownload(find(".download", figure), result.file, `${stem}-${target}${suffixOf(result.file)}`);
  figure.hidden = false;
  compare();
}

/* Show the original left of the line, and the result right of it; both if the shapes differ. */
function compare() {
  const originalPercent = Number(find("#split").value);
  const apart = find(".frames").classList.contains("apart");
  find("#before").style.clipPath = apart ? "" : `inset(0 ${100 - originalPercent}% 0 0)`;
  find("#split").setAttribute("aria-valuetext", `${originalPercent} % of the original`);
}

async function generate(event) {
  event.preventDefault();
  const section = find("#sample");
  const figure = find("#sample-figure");
  figure.hidden = true;
  const result = await send(section, "/v1/sample", readForm(section), "Generating …");
  if (!result) return;
  const image = find("#generated");
  await show(image, result.after || result.file, `Images generated by ${find("#model").value}`);
  image.classList.toggle("small", image.naturalWidth < 512);
  setDownload(find(".download", figure), result.file, `sample${suffixOf(result.file)}`);
  figure.hidden = false;
}

const drop = find(".drop");
for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) {
      find("#image").files = event.dataTransfer.files;
    }
  });
}
find("#model").addEventListener("change", showModel);
find("#translate form").addEventListener("submit", translateImage);
find("#sample form").addEventListener("submit", generate);
find("#split").addEventListener("input", compare);
find("#access").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", find("#token").value.trim());
  start();
});
start();
