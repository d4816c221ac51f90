import { existsSync, readFileSync } from "node:fs";
import { deployment, newApp } from "./deployment.ts";
import { readSettings } from "./settings.ts";

/** `-c settings=FILE` names the settings; else flightline.settings.json where it stands, else the usual ones. */
const app = newApp();
const named = app.node.tryGetContext("settings") as string | undefined;
const file = named ?? "flightline.settings.json";
const given = named !== undefined || existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as object) : {};
deployment(app, readSettings(given as Record<string, unknown>));
