/** Commands on an open Quote. */
import type { Command } from "../application";
import type { QuoteArrangeParams } from "../generated/protocol";

/** What the daemon's code actions hand over: two Tasks of a Quote and how they shall run. */
function isArrangement(value: unknown): value is QuoteArrangeParams {
  return typeof value === "object" && value !== null && "quoteId" in value && "choice" in value;
}

/** Settles what two Tasks of an open Quote share. */
export const arrangeTasks: Command = async (app, ...args) => {
  const [wish] = args;
  if (isArrangement(wish)) await app.quotes.arrange(wish);
};
