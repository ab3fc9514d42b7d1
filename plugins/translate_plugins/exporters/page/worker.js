// Runs the model, so that the page stays responsive.
import * as ort from "./ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1; // more need headers that a plain file server does not send
ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;

const loading = (async () => {
  const answer = await fetch("model.onnx");
  if (!answer.ok) throw new Error(`model.onnx: ${answer.status} ${answer.statusText}`);
  return ort.InferenceSession.create(await answer.arrayBuffer(), { executionProviders: ["wasm"] });
})();
loading.then(
  () => postMessage({ ready: true }),
  (error) => postMessage({ failed: String(error.message ?? error) }),
);

onmessage = async ({ data: { id, inputs } }) => {
  try {
    const session = await loading;
    const feeds = {};
    for (const [name, input] of Object.entries(inputs)) feeds[name] = new ort.Tensor(...input);
    const [{ data, dims }] = Object.values(await session.run(feeds));
    postMessage({ id, values: data, shape: dims }, [data.buffer]);
  } catch (error) {
    postMessage({ id, failed: String(error.message ?? error) });
  }
};
