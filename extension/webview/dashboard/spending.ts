/** Dollars over time: bars by model, one on top of the other, in the colours of the editor's theme. */
import uPlot from "uplot";
import type { DashboardView } from "../../src/generated/protocol";
import { axisText, stacked } from "./figures";

const COLOURS = ["blue", "green", "orange", "purple", "yellow", "red"].map((name) => `--vscode-charts-${name}`);
const HEIGHT = 190;

/** The theme's variable for the series at `index`. */
export function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] ?? "--vscode-charts-blue";
}

function themed(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "gray";
}

/** A chart that fits its place; `close` lets go of it. */
export interface Chart {
  draw(view: DashboardView): void;
  close(): void;
}

/** Draws into `place` and follows its width. */
export function spendingChart(place: HTMLElement, tip: HTMLElement): Chart {
  let plot: uPlot | undefined;
  let drawn: DashboardView | undefined;
  const draw = (view: DashboardView): void => {
    drawn = view;
    plot?.destroy();
    plot = new uPlot(options(view, place.clientWidth, tip), data(view), place);
  };
  const again = (): void => {
    if (drawn !== undefined && place.clientWidth > 0) draw(drawn);
  };
  const width = new ResizeObserver(() => {
    if (plot !== undefined && plot.width !== place.clientWidth) again();
  });
  width.observe(place);
  // VS Code changes the body's classes when the theme changes.
  const theme = new MutationObserver(again);
  theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  return {
    draw,
    close() {
      width.disconnect();
      theme.disconnect();
      plot?.destroy();
    },
  };
}

function data({ spans, series }: DashboardView): uPlot.AlignedData {
  return [spans.map((_, index) => index), ...stacked(spans, series.length)];
}

function options({ spans, series }: DashboardView, width: number, tip: HTMLElement): uPlot.Options {
  const text = themed("--vscode-foreground");
  const grid = themed("--vscode-panel-border");
  const font = `12px ${themed("--vscode-font-family") || "sans-serif"}`;
  const bars = uPlot.paths.bars?.({ size: [0.7, 42], radius: 0 });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: [-0.6, spans.length - 0.4] },
      y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] },
    },
    axes: [
      {
        stroke: text,
        font,
        grid: { show: false },
        ticks: { show: false },
        size: 30,
        space: 70,
        incrs: [1, 2, 3, 4, 6, 7, 14, 28],
        values: (_plot, at) => at.map((index) => (Number.isInteger(index) ? (spans[index]?.label ?? "") : "")),
      },
      {
        stroke: text,
        font,
        size: 74,
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        values: (_plot, at) => axisText(at),
      },
    ],
    series: [
      {},
      ...series.map(({ name }, index) => ({
        label: name,
        fill: themed(colourOf(index)),
        stroke: themed(colourOf(index)),
        width: 0,
        points: { show: false },
        ...(bars ? { paths: bars } : {}),
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const span = plot.cursor.idx == null ? undefined : spans[plot.cursor.idx];
          tip.textContent = span ? `${span.label}: ${span.bill.text}` : "";
        },
      ],
    },
  };
}
