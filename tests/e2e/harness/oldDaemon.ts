/** A daemon of another version: it greets as a language server, tells no protocol, and knows nothing else. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { venvProgram } from "../../../extension/scripts/python.mjs";

const program = (version: string) => `#!${venvProgram("python")}
import json, sys

def read():
    length = 0
    while (line := sys.stdin.buffer.readline()) not in (b"", b"\\r\\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else None

while (message := read()) is not None and message.get("method") != "exit":
    if "id" in message and "method" in message:
        greeting = {"capabilities": {}, "serverInfo": {"name": "contextune", "version": "${version}"}}
        result = greeting if message["method"] == "initialize" else None
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
        sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
        sys.stdout.buffer.flush()
`;

/** Writes such a daemon as the program `file`, which takes any arguments. */
export function writeOldDaemon(file: string, version: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, program(version));
  chmodSync(file, 0o755);
}
