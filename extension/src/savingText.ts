/** A bill beside all-Sonnet, `93 %` of it saved or `-10 %`, as the change that it is: `−93 %`, `+10 %`. */
export function besideSonnet(saving: string): string {
  return saving.startsWith("-") ? `+${saving.slice(1)}` : `−${saving}`;
}

/** Whether there is a saving at all to speak of. */
export function isSaved(saving: string | null): saving is string {
  return saving !== null && !saving.startsWith("-");
}
