import { pause, type Sleep } from "../../retry.ts";
import type { Poll, Source, SourceStatus } from "../source.ts";
import { airportOf } from "./airports.ts";
import { REGION_CENTER } from "./area.ts";
import { makeObserver } from "./observer.ts";
import { openskyBody } from "./opensky-body.ts";
import { receiverBody } from "./receiver-body.ts";
import { vectorOf } from "./sphere.ts";
import { ticks, type Tick } from "./ticks.ts";
import { makeWorld } from "./world.ts";

const DEFAULT_AIRCRAFT = 400;
const INTERVAL_S = 5;

export interface SimulatorOptions {
  /** Invariant: the same seed, number of aircraft and time give the same bytes. */
  seed: number;
  /** Number of aircraft in the world; default 400. */
  aircraft?: number;
  /**
   * s between polls, default 5; 0: as fast as the consumer reads, 10 simulated seconds apart. The tests verify the
   * rates of dirt at 10 s between polls.
   */
  interval_s?: number;
  /** Unix s at which the simulated time starts; default: now, or June 2025 for an interval of 0. */
  start?: number;
  /** Unix s. Tests replace `now` and `sleep`. */
  now?: () => number;
  sleep?: Sleep;
}
export interface ReceiverOptions extends SimulatorOptions {
  /** ICAO code of a large airport; default: the center of the region in which some aircraft stay. */
  airport?: string;
}

/**
 * A simulated network that covers the whole world. Its bodies have the shape of OpenSky's responses.
 * Throws `RangeError` for options out of range.
 */
export function simulator(options: SimulatorOptions): Source {
  const { world, aircraft } = worldOf(options);
  const observer = makeObserver(world, { name: "simulated", sendsTimes: true });
  return simulate(options, {
    name: "simulated",
    message: `simulated, ${aircraft} aircraft, seed ${options.seed}`,
    bodyAt: (tick) => openskyBody(observer, aircraft, tick),
  });
}

/**
 * A simulated receiver: one antenna at an airport, which reports the aircraft within radio range. Its bodies have the
 * shape of readsb's aircraft.json. With the same options it observes the same world as `simulator`.
 * Throws `RangeError` for options out of range or an unknown airport.
 */
export function receiver(options: ReceiverOptions): Source {
  const { world, aircraft } = worldOf(options);
  const airport = airportOf(options.airport ?? REGION_CENTER);
  const observer = makeObserver(world, { name: "simulated-receiver", sendsTimes: false });
  const site = { position: vectorOf(airport), aircraft };
  return simulate(options, {
    name: "simulated-receiver",
    message: `simulated receiver at ${airport.name}, seed ${options.seed}`,
    bodyAt: (tick) => receiverBody(observer, site, tick),
  });
}

function worldOf({ seed, aircraft = DEFAULT_AIRCRAFT, interval_s = INTERVAL_S }: SimulatorOptions) {
  if (!(interval_s >= 0)) throw new RangeError(`interval_s: ${interval_s} is not a number of at least 0`);
  return { world: makeWorld({ seed, aircraft }), aircraft };
}

interface Simulation {
  name: string;
  message: string;
  bodyAt: (tick: Tick) => Uint8Array;
}

function simulate(options: SimulatorOptions, { name, message, bodyAt }: Simulation): Source {
  const status: SourceStatus = {
    name,
    state: "waiting",
    last_data: null,
    message,
    simulated: true,
    recorded: false,
    attribution: "Simulated flights, not real ones. Airports: OurAirports (public domain).",
  };
  async function* polls(signal: AbortSignal): AsyncGenerator<Poll> {
    const { interval_s = INTERVAL_S, now = () => Date.now() / 1_000, sleep = pause, start } = options;
    const clock = { interval_s, now, sleep, ...(start === undefined ? {} : { start }) };
    try {
      for await (const tick of ticks(clock, signal)) {
        Object.assign(status, { state: "live", last_data: Math.floor(tick.time) });
        yield { source: name, body: bodyAt(tick), media_type: "application/json" };
      }
    } finally {
      status.state = "ended";
    }
  }
  return { name, polls, status: () => ({ ...status }) };
}
