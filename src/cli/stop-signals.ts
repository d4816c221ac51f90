/** A terminal and npm both send the SIGINT of one Ctrl-C. A later signal means that the user does not want to wait. */
const SAME_STOP_MS = 1_000;

export interface StopActions {
  now_ms(): number;
  /** Asks the command to finish its work. */
  stop(): void;
  /** Ends the process at once. */
  exit(signal: NodeJS.Signals): void;
}

/** A handler of stop signals: the first stops the command, one that comes more than a second later ends the process. */
export function stopHandler({ now_ms, stop, exit }: StopActions): (signal: NodeJS.Signals) => void {
  let stopped_at: number | undefined;
  return (signal) => {
    stopped_at ??= now_ms();
    if (now_ms() - stopped_at > SAME_STOP_MS) exit(signal);
    else stop();
  };
}
