// Cuts discord_openapi.json out of the npm package discord-api-spec (generated from Discord's
// published OpenAPI file). In an empty folder: `npm install zod@4 discord-api-spec`, copy this
// file there, then `node cut_discord_openapi.mjs > discord_openapi.json`.
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod/mini";
import * as spec from "discord-api-spec/zod";

const ROOTS = [
  // what the bot sends
  "ApplicationCommandUpdateRequest",
  "ApplicationCommandCreateRequest",
  "ApplicationCommandPatchRequestPartial",
  "ApplicationCommandAutocompleteCallbackRequest",
  "CreateMessageInteractionCallbackRequest",
  "ModalInteractionCallbackRequest",
  "UpdateMessageInteractionCallbackRequest",
  "IncomingWebhookRequestPartial",
  "IncomingWebhookUpdateRequestPartial",
  "MessageCreateRequest",
  "MessageEditRequestPartial",
  // what the loopback Discord answers: held against the same file by its own tests
  "ApplicationCommandResponse",
  "GatewayBotResponse",
  "GuildChannelResponse",
  "GuildMemberResponse",
  "GuildRoleResponse",
  "InteractionCallbackResponse",
  "MessageResponse",
  "MyGuildResponse",
  "PrivateApplicationResponse",
  "UserPIIResponse",
];

const registry = z.registry();
for (const [name, schema] of Object.entries(spec)) {
  if (name.endsWith("Schema")) registry.add(schema, { id: name.slice(0, -"Schema".length) });
}
const { schemas } = z.toJSONSchema(registry, { unrepresentable: "any", io: "input" });

const cut = {};
const keep = (name) => {
  if (name in cut) return;
  const { $schema, $id, ...schema } = schemas[name];
  cut[name] = schema;
  scan(schema);
};
const scan = (value) => {
  if (value === null || typeof value !== "object") return;
  if (typeof value.$ref === "string") keep(value.$ref);
  if (value.format) delete value.pattern; // zod's own addition
  Object.values(value).forEach(scan);
};
ROOTS.forEach(keep);

const folder = path.join("node_modules", "discord-api-spec");
const { version } = JSON.parse(fs.readFileSync(path.join(folder, "package.json")));
const licence = fs.readFileSync(path.join(folder, "LICENSE"), "utf8").split("\n");
const lines = Object.keys(cut).sort().map((name) => `  ${JSON.stringify(name)}: ${JSON.stringify(cut[name])}`);
process.stdout.write(
  `{\n"source": ${JSON.stringify(`npm discord-api-spec ${version}`)},\n` +
    `"licence": ${JSON.stringify(licence.map((line) => line.trim()).filter(Boolean))},\n` +
    `"schemas": {\n${lines.join(",\n")}\n}\n}\n`,
);
