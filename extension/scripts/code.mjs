/**
 * `npm run code [-- FOLDER]`: opens the sample project (or FOLDER) in VS Code with this extension and the offline model.
 *
 * Where `code` is installed it is used, with a profile of its own; else code-server serves VS Code to the browser, behind
 * a password, since whoever reaches it can use a terminal.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bundleExtension } from "./bundle.mjs";
import { ensureEditor } from "./editor.mjs";
import { ensureNode } from "./node.mjs";
import { packageExtension, vsix } from "./package.mjs";
import { ensurePython } from "./python.mjs";
import { main, root, run, step, works } from "./steps.mjs";

const home = join(root, "build", "code");
const userData = join(home, "user-data");

/** A repository of the sample project, kept from one start to the next. */
async function sampleRepository() {
  const folder = join(home, "parcel");
  if (existsSync(join(folder, ".git"))) return folder;
  await step("Making the sample project", async () => {
    cpSync(join(root, "daemon", "contextune", "offline", "sample", "parcel"), folder, { recursive: true });
    const git = (...args) => run("git", ["-C", folder, ...args], { quiet: true });
    await git("init", "--initial-branch=main");
    await git("add", "--all");
    const author = ["-c", "user.name=Contextune", "-c", "user.email=contextune@example.invalid"];
    await git(...author, "-c", "commit.gpgsign=false", "commit", "--message=Sample project");
  });
  return folder;
}

function writeSettings() {
  const file = join(userData, "User", "settings.json");
  if (existsSync(file)) return;
  mkdirSync(join(userData, "User"), { recursive: true });
  const settings = { "contextune.offline": true, "workbench.startupEditor": "none", "telemetry.telemetryLevel": "off" };
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`);
}

async function openDesktop(folder) {
  await packageExtension();
  await step("Bundling the extension with its source map", () => bundleExtension({ production: false }));
  return run("code", ["--user-data-dir", userData, "--extensionDevelopmentPath", root, folder]);
}

async function openInBrowser(folder) {
  const editor = await ensureEditor();
  await packageExtension();
  const password = randomBytes(9).toString("base64url");
  const env = { ...process.env, CODE_SERVER_CONFIG: join(home, "config.yaml") };
  const folders = ["--user-data-dir", userData, "--extensions-dir", join(home, "extensions")];
  const install = [editor.codeServer, ...folders, "--force", "--install-extension", vsix];
  await step("Installing the extension", () => run(editor.node, install, { env, quiet: true }));
  const address = ["--auth", "password", "--bind-addr", "127.0.0.1:0", "--disable-telemetry", "--disable-update-check"];
  const server = spawn(editor.node, [editor.codeServer, ...folders, ...address], {
    env: { ...env, PASSWORD: password },
    stdio: ["ignore", "pipe", "inherit"],
  });
  server.stdout.on("data", (chunk) => {
    const url = chunk.toString().match(/HTTP server listening on (http:\S+?)\/?\s/)?.[1];
    if (url === undefined) return;
    console.log(
      `\nVS Code is at ${url}/?folder=${encodeURIComponent(folder)}\nPassword: ${password}\nCtrl+C stops it.`,
    );
  });
  process.once("SIGINT", () => server.kill("SIGTERM"));
  return new Promise((resolve) => server.once("exit", (status) => resolve(status ?? 0)));
}

await main(import.meta, async ([folder]) => {
  await ensurePython();
  await ensureNode();
  const opened = folder === undefined ? await sampleRepository() : resolve(folder);
  writeSettings();
  return works("code", ["--version"]) ? openDesktop(opened) : openInBrowser(opened);
});
