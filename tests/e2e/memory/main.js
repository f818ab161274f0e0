/** A file system that is on no disk: one file with a TODO. */
const vscode = require("vscode");

const text = new TextEncoder().encode("# TODO: live on a disk\n");
const file = { type: vscode.FileType.File, ctime: 0, mtime: 0, size: text.length };
const folder = { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };

const refuse = () => {
  throw vscode.FileSystemError.NoPermissions();
};

const fileSystem = {
  onDidChangeFile: new vscode.EventEmitter().event,
  watch: () => new vscode.Disposable(() => undefined),
  stat: ({ path }) => {
    if (path === "/notes") return folder;
    if (path === "/notes/idea.py") return file;
    throw vscode.FileSystemError.FileNotFound();
  },
  readDirectory: () => [["idea.py", vscode.FileType.File]],
  readFile: ({ path }) => {
    if (path !== "/notes/idea.py") throw vscode.FileSystemError.FileNotFound();
    return text;
  },
  createDirectory: refuse,
  writeFile: refuse,
  delete: refuse,
  rename: refuse,
};

exports.activate = ({ subscriptions }) => {
  subscriptions.push(
    vscode.workspace.registerFileSystemProvider("memory", fileSystem, { isCaseSensitive: true, isReadonly: true }),
  );
};
