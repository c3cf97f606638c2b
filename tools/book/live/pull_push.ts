/**
 * The tag loss and its gradient in plain TypeScript, for browsers without WebGPU; a twin of `losses/tag_loss.ts` in the
 * authors' form for D = 1 and nothing hidden, which a test holds to it.
 *
 *     m[p] = 1/K Σ_k t[p, k]
 *     pull = 1/(P K) Σ_p Σ_k (t[p, k] - m[p])²                     ∂pull/∂t[p, k] = 2/(P K) (t[p, k] - m[p])
 *     push = 1/(2 P (P - 1)) Σ_{p ≠ q} exp(-(m[p] - m[q])²)
 *     ∂push/∂t[p, k] = -2/(P (P - 1) K) Σ_q (m[p] - m[q]) exp(-(m[p] - m[q])²)
 *
 * @module
 */

/** Both losses and their gradients. */
export interface PullPush {
  /** Of tags to their person's mean. */
  readonly pull: number;
  /** Of the means to each other. */
  readonly push: number;
  /** ∂pull/∂t, `[P, K]` row by row. */
  readonly pullGradient: ArrayLike<number>;
  /** ∂push/∂t, `[P, K]` row by row. */
  readonly pushGradient: ArrayLike<number>;
}

/** Means m[p] of tags `[P, K]`. */
export function meanTags(tags: readonly number[], people: number): number[] {
  const K = tags.length / people;
  return Array.from(
    { length: people },
    (_, p) => tags.slice(p * K, (p + 1) * K).reduce((sum, tag) => sum + tag, 0) / K,
  );
}

/**
 * Pull and push of tags, with their gradients.
 *
 * @param tags `[P, K]`, row by row.
 * @param people P, 2 or more.
 */
export function pullPush(tags: readonly number[], people: number): PullPush {
  const K = tags.length / people;
  const means = meanTags(tags, people);
  const pullGradient = tags.map((tag, i) => 2 / tags.length * (tag - means[Math.floor(i / K)]));
  const pull = tags.reduce((sum, tag, i) => sum + (tag - means[Math.floor(i / K)]) ** 2, 0) /
    tags.length;
  const pairs = people * (people - 1);
  let push = 0;
  const slopes = means.map((m) => {
    let slope = 0;
    for (const other of means) {
      const near = Math.exp(-((m - other) ** 2));
      push += near / (2 * pairs);
      slope -= 2 / (pairs * K) * (m - other) * near;
    }
    return slope;
  });
  push -= people / (2 * pairs); // the pairs p = q, each exp(0)
  return { pull, push, pullGradient, pushGradient: tags.map((_, i) => slopes[Math.floor(i / K)]) };
}
