/** A second window on the same folder, by a VS Code without our extension: what VS Code takes by itself. */
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ensureEditor } from "../../../extension/scripts/editor.mjs";
import { CodeServer } from "./codeServer";
import { browserFlags, type Scenario } from "./scenario";
import { Workbench } from "./workbench";

/** A window to compare with. */
export interface Control {
  /** The folder for all that its VS Code writes, by which its extension host is found. */
  readonly home: string;
  close(): Promise<void>;
}

/** Opens the scenario's folder once more, in a browser of its own, with the same view in front. */
export async function openControl({ folder, home }: Scenario): Promise<Control> {
  const own = join(home, "control");
  const server = await CodeServer.start(own, { bare: true });
  const { chromium: executablePath } = await ensureEditor();
  const browser = await chromium.launch({ executablePath, args: browserFlags });
  const close = async () => {
    await browser.close();
    await server.stop();
  };
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 1000 }, colorScheme: "dark" });
    await page.goto(`${server.url}/?folder=${encodeURIComponent(folder)}`);
    await new Workbench(page).ready();
  } catch (error) {
    await close();
    throw error;
  }
  return { home: own, close };
}
