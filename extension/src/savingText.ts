/** What a bill's `saving` says beside all-Sonnet: `93 %` of it saved, or `-10 %` where a tenth more was spent. */

/** The share by which more was spent, such as `10 %`; undefined where it was not. */
export function excess(saving: string | null): string | undefined {
  return saving?.startsWith("-") ? saving.slice(1) : undefined;
}

/** The change that it is: `−93 %`, `+10 %`. */
export function besideSonnet(saving: string): string {
  const more = excess(saving);
  return more === undefined ? `−${saving}` : `+${more}`;
}
