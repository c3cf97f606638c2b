/** `describe` and `it` under the names of `jsr:@std/testing/bdd`, from `node:test`. @module */
export {
  after as afterAll,
  afterEach,
  before as beforeAll,
  beforeEach,
  describe,
  it,
} from "node:test";
