/** Where the dashboard's page begins: messages in, messages out. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import "uplot/dist/uPlot.min.css";
import "./dashboard.css";
import type { FromPage, ToPage } from "../../src/dashboard/messages";
import { Page } from "./page";

interface Editor {
  postMessage(message: FromPage): void;
}

declare function acquireVsCodeApi(): Editor;

const editor = acquireVsCodeApi();
const place = document.getElementById("page");
let page: Page | undefined;

window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
  if (place === null) return;
  switch (data.kind) {
    case "words": {
      page = new Page(place, { ...data, send: (message) => editor.postMessage(message) });
      break;
    }
    case "costs":
      page?.show(data.view);
      break;
    case "comparison":
      page?.compare(data.view);
      break;
    case "problem":
      page?.tell(data.text, data.of);
      break;
  }
});

editor.postMessage({ kind: "ready" });
