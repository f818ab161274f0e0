/** The page of the dashboard, empty: its script fills it in. */

/** What a page refers to. */
export interface ShellParts {
  /** Where the page may load from, as VS Code names it. */
  readonly source: string;
  readonly script: string;
  readonly style: string;
  /** Fresh for each page. */
  readonly nonce: string;
  readonly title: string;
  readonly language: string;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.codePointAt(0)?.toString() ?? ""};`);

/** The page. It may load its own script and style, and nothing else: no network, no inline code. */
export function shell({ source, script, style, nonce, title, language }: ShellParts): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source} 'nonce-${nonce}'`,
    `font-src ${source}`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="${escaped(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escaped(style)}">
<title>${escaped(title)}</title>
</head>
<body>
<main id="page"></main>
<script nonce="${nonce}" src="${escaped(script)}"></script>
</body>
</html>
`;
}
