/** The API key never reaches the log, not even at its most talkative. */
import { expect, test } from "vitest";
import { mask, masked } from "../../extension/src/masking";

test.each([
  ['Params: {\n    "apiKey": "sk-ant-1"\n}', 'Params: {\n    "apiKey": "…"\n}'],
  ['{"apiKey":"a\\"b","folder":"/f"}', '{"apiKey":"…","folder":"/f"}'],
  ['{"apiKey":null}', '{"apiKey":null}'],
])("%j is written as %j", (text, written) => {
  expect(mask(text)).toBe(written);
});

test("a masked channel masks traces, and passes everything else on", () => {
  const written: string[] = [];
  const channel = {
    name: "Contextune",
    trace: (text: string) => written.push(text),
    info(text: string) {
      written.push(`${this.name}: ${text}`);
    },
  };
  const safe = masked(channel);
  safe.trace('"apiKey": "sk-ant-1"');
  safe.info("started");
  expect(written).toEqual(['"apiKey": "…"', "Contextune: started"]);
});
