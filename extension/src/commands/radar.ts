/** Commands on what the Radar sees. */
import type { Command } from "../application";
import { type RadarChooseParams, Requests } from "../generated/protocol";

/** What the daemon's code actions hand over: a Task at work, and what it does about others. */
function isChoice(value: unknown): value is RadarChooseParams {
  return typeof value === "object" && value !== null && "taskId" in value && "course" in value;
}

/** Has a Task wait for others that it overlaps with, build on them, or go on now. */
export const chooseCourse: Command = async (app, ...args) => {
  const [choice] = args;
  if (isChoice(choice)) await app.daemon.request(Requests.radarChoose, choice);
};
