/** One side of a question. `run` does the work once; whatever it answers keeps the work from being optimised away. */
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

/** A line of the table: ours against a peer or a limit in the same run. */
export interface Row {
  question: string;
  ours: string;
  peer: string;
  /** Ours over the peer's: above 1 is better. */
  ratio: number | null;
  aim: string;
  met: boolean | null;
}

export const median = (of: readonly number[]): number =>
  [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? Number.NaN;

export function percentile(of: readonly number[], part: number): number {
  const sorted = [...of].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Runs the sides in turn, `rounds` times after a warm-up, so that a busy moment of the machine meets all of them. */
export async function measure(sides: readonly Side[], { rounds = 7, warmups = 3 } = {}): Promise<Measured[]> {
  const times = sides.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let round = -warmups; round < rounds; round++)
    for (const [i, side] of sides.entries()) {
      const cpu = process.cpuUsage();
      const begun = performance.now();
      await side.run();
      const wall = performance.now() - begun;
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

/** How much better the first of the measured is than the others, by the CPU that it takes: steadier than wall time. */
export function rowsOf(question: string, measured: readonly Measured[], aims: Readonly<Record<string, number>>): Row[] {
  const [ours, ...peers] = measured;
  if (ours === undefined) return [];
  const said = ({ name, wall_ms, cpu_ms }: Measured) =>
    `${name}: ${wall_ms.toFixed(1)} ms, CPU ${cpu_ms.toFixed(1)} ms`;
  return peers.map((peer) => {
    const ratio = peer.cpu_ms / ours.cpu_ms;
    const aim = aims[peer.name];
    return {
      question,
      ours: said(ours),
      peer: said(peer),
      ratio,
      aim: aim === undefined ? "" : `${aim}`,
      met: aim === undefined ? null : ratio >= aim,
    };
  });
}
