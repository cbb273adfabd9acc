import { z } from "zod";
import { zoneContextSchema } from "./context";
import { template } from "./engine";

/** `users.sql` of one zone: what chan_pjsip is to know of its users, for SQLite. */
export const UsersSqlContext = zoneContextSchema
  .pick({ controllerAddress: true, address: true, users: true })
  .extend({
    /** Codecs as `allow` takes them: `ulaw,alaw`. */
    allow: z.string(),
  });

const render = template("users.sql.hbs", UsersSqlContext);

const zone = zoneContextSchema
  .pick({ codecs: true, controllerAddress: true, address: true, users: true })
  .strip();

export function renderUsersSql(context: z.input<typeof zone>): string {
  const { codecs, ...rest } = zone.parse(context);
  return render({ ...rest, allow: codecs.join(",") });
}
