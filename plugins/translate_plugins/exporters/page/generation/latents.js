// Latents of any number of images: the same for the same seed.
export function drawLatents(prior, count, seed) {
  const next = uniform(seed), values = [];
  for (let image = 0; image < count; image++) {
    for (const { distribution, dim } of prior) values.push(...DISTRIBUTIONS[distribution](dim, next));
  }
  return Float32Array.from(values);
}

const repeat = (dim, draw) => Array.from({ length: dim }, draw);
const DISTRIBUTIONS = {
  normal: (dim, next) => repeat(dim, () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
  uniform: (dim, next) => repeat(dim, () => 2 * next() - 1),
  sphere(dim, next) {
    const values = this.normal(dim, next), length = Math.hypot(...values);
    return values.map((value) => value * Math.sqrt(dim) / length);
  },
  category(dim, next) {
    const chosen = Math.floor(dim * next());
    return repeat(dim, (_, index) => Number(index === chosen));
  },
};

// Numbers in [0, 1) by SplitMix64 (Steele, Lea and Flood, 2014).
function uniform(seed) {
  const mix = (z, shift, factor) => BigInt.asUintN(64, (z ^ (z >> shift)) * factor);
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    const z = mix(mix(state, 30n, 0xbf58476d1ce4e5b9n), 27n, 0x94d049bb133111ebn);
    return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
  };
}
