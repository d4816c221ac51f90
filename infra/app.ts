import { existsSync, readFileSync } from "node:fs";
import { deployment, newApp } from "./deployment.ts";
import { readSettings } from "./settings.ts";

// `-c settings=FILE` names the file of settings. The default is flightline.settings.json if it exists, else the default settings.
const app = newApp();
const option = app.node.tryGetContext("settings") as string | undefined;
const file = option ?? "flightline.settings.json";
const settings = option !== undefined || existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as object) : {};
deployment(app, readSettings(settings as Record<string, unknown>));
