/** Folders within folders. */
import { sep } from "node:path";

/** Whether one of two folders holds the other, or is it. */
export function areNested(one: string, other: string): boolean {
  return one === other || one.startsWith(other + sep) || other.startsWith(one + sep);
}
