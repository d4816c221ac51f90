import { airportOf } from "./airports.ts";
import { REGION } from "./area.ts";
import { vectorOf } from "./sphere.ts";
import { makeObserver } from "./observer.ts";
import { openskyBody } from "./opensky-body.ts";
import { pause, type Sleep } from "../pause.ts";
import { receiverBody } from "./receiver-body.ts";
import type { Poll, Source, SourceStatus } from "../source.ts";
import { ticks, type Tick } from "./ticks.ts";
import { makeWorld } from "./world.ts";

const AIRCRAFT = 400;
const INTERVAL_S = 5;

export interface SimulatorOptions {
  /** The same seed, number of aircraft and time give the same bytes. */
  seed: number;
  /** In the whole world; default 400. */
  aircraft?: number;
  /** s between polls, default 5; 0: as fast as they are pulled, 10 simulated seconds apart. Rates of dirt hold to 10 s. */
  interval_s?: number;
  /** Unix s at which the simulated time begins; default now, and June 2025 when the interval is 0. */
  start?: number;
  /** Unix s, and waiting: for tests. */
  now?: () => number;
  sleep?: Sleep;
}
export interface ReceiverOptions extends SimulatorOptions {
  /** ICAO code of a large airport, default the centre of the region where a part of the aircraft stays. */
  airport?: string;
}

/** A network that hears the whole simulated world: bodies as OpenSky answers. Throws `RangeError` for unusable options. */
export function simulator(options: SimulatorOptions): Source {
  const { world, aircraft } = worldOf(options);
  const observer = makeObserver(world, { name: "simulated", times: true });
  return simulate(options, {
    name: "simulated",
    message: `simulated, ${aircraft} aircraft, seed ${options.seed}`,
    bodyAt: (tick) => openskyBody(observer, aircraft, tick),
  });
}

/** A receiver at an airport of the same world: bodies as readsb writes aircraft.json. Throws like `simulator`. */
export function receiver(options: ReceiverOptions): Source {
  const { world, aircraft } = worldOf(options);
  const airport = airportOf(options.airport ?? REGION);
  const observer = makeObserver(world, { name: "simulated-receiver", times: false });
  const antenna = { place: vectorOf(airport), aircraft };
  return simulate(options, {
    name: "simulated-receiver",
    message: `simulated receiver at ${airport.name}, seed ${options.seed}`,
    bodyAt: (tick) => receiverBody(observer, antenna, tick),
  });
}

function worldOf({ seed, aircraft = AIRCRAFT, interval_s = INTERVAL_S }: SimulatorOptions) {
  if (!(interval_s >= 0)) throw new RangeError(`interval_s: ${interval_s} is not a number from 0`);
  return { world: makeWorld({ seed, aircraft }), aircraft };
}

interface Simulated {
  name: string;
  message: string;
  bodyAt: (tick: Tick) => Uint8Array;
}

function simulate(options: SimulatorOptions, { name, message, bodyAt }: Simulated): Source {
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
