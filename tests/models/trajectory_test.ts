import { families } from "../../tools/golden/nn.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

Deno.test("a network trains step by step as PyTorch trains it: losses, weights, both optimisers", async () => {
  await assertRecorded("train", families.train);
});
