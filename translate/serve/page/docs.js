"use strict";

function element(name, text, ...children) {
  const node = document.createElement(name);
  node.textContent = text;
  node.append(...children);
  return node;
}

function table(parameters) {
  const head = ["parameter", "meaning", "values"].map((title) => element("th", title));
  const rows = parameters.map(({ name, description, schema }) => {
    const range = ["minimum", "maximum"].filter((key) => key in schema)
      .map((key) => `${key} ${schema[key]}`);
    const defaultText = "default" in schema ? [`default ${JSON.stringify(schema.default)}`] : [];
    const type = schema.enum ? schema.enum.join(", ") : schema.type || "";
    const values = [type, ...range, ...defaultText].filter(Boolean).join("; ");
    return element("tr", "", ...[name, description, values].map((text) => element("td", text)));
  });
  return element("table", "", element("tr", "", ...head), ...rows);
}

async function start() {
  document.querySelector("#example").textContent =
    `curl --fail --data-binary @photo.jpg ${location.origin}/v1/translate --output result.jpg`;
  const token = sessionStorage.getItem("token");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch("/openapi.json", { headers });
  if (!response.ok) {
    document.querySelector("#problem").textContent = (await response.json()).error;
    return;
  }
  const { paths } = await response.json();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, route] of Object.entries(methods)) {
      const section = element("section", "", element("h2", `${method.toUpperCase()} ${path}`));
      section.append(element("p", route.description || route.summary));
      if (route.parameters) section.append(table(route.parameters));
      document.querySelector("#routes").append(section);
    }
  }
}

start();
