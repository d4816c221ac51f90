/** One side of a question. `run` does the work once and returns its result, so that the work is not optimized away. */
export interface Side {
  name: string;
  run(): unknown;
}

export interface Measured {
  name: string;
  /** Medians over the rounds, ms. */
  wall_ms: number;
  cpu_ms: number;
}

/** A line of the table: Flightline against a peer or a limit, in the same run. */
export interface Row {
  question: string;
  ours: string;
  peer: string;
  /** The peer's CPU time over Flightline's: above 1, Flightline is faster. */
  ratio: number | null;
  aim: string;
  met: boolean | null;
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export function percentile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

/** Runs the sides in turn, `rounds` times after a warm-up, so that a busy moment of the machine slows all of them. */
export async function measure(sides: readonly Side[], { rounds = 7, warmups = 3 } = {}): Promise<Measured[]> {
  const times = sides.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let round = -warmups; round < rounds; round++)
    for (const [i, side] of sides.entries()) {
      const cpu = process.cpuUsage();
      const started = performance.now();
      await side.run();
      const wall = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      if (round < 0) continue;
      times[i]?.wall.push(wall);
      times[i]?.cpu.push((user + system) / 1_000);
    }
  return sides.map(({ name }, i) => ({
    name,
    wall_ms: median(times[i]?.wall ?? []),
    cpu_ms: median(times[i]?.cpu ?? []),
  }));
}

/** Compares the first side with each of the others by CPU time, which varies less than wall time. */
export function rowsOf(question: string, measured: readonly Measured[], aims: Readonly<Record<string, number>>): Row[] {
  const [ours, ...peers] = measured;
  if (ours === undefined) return [];
  const textOf = ({ name, wall_ms, cpu_ms }: Measured) =>
    `${name}: ${wall_ms.toFixed(1)} ms, CPU ${cpu_ms.toFixed(1)} ms`;
  return peers.map((peer) => {
    const ratio = peer.cpu_ms / ours.cpu_ms;
    const aim = aims[peer.name];
    return {
      question,
      ours: textOf(ours),
      peer: textOf(peer),
      ratio,
      aim: aim === undefined ? "" : `${aim}`,
      met: aim === undefined ? null : ratio >= aim,
    };
  });
}
