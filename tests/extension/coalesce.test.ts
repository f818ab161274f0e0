/** Data that changes all the time is drawn at once, then at its pace, and its last state always. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Coalesced } from "../../extension/src/coalesce";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the first change is drawn at once, and those that follow together", () => {
  let value = 0;
  const drawn: number[] = [];
  const drawing = new Coalesced(250, () => drawn.push(value));
  for (value = 1; value <= 100; value += 1) {
    drawing.ask();
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(250);
  expect(drawn).toEqual([1, 25, 50, 75, 100]);
});

test("what rests long enough waits for nothing", () => {
  let drawn = 0;
  const drawing = new Coalesced(250, () => {
    drawn += 1;
  });
  drawing.ask();
  vi.advanceTimersByTime(250);
  drawing.ask();
  expect(drawn).toBe(2);
});

test("nothing is drawn after the end", () => {
  let drawn = 0;
  const drawing = new Coalesced(250, () => {
    drawn += 1;
  });
  drawing.ask();
  drawing.ask();
  drawing.dispose();
  vi.advanceTimersByTime(1000);
  expect(drawn).toBe(1);
});
