import { template } from "./engine";
import { zoneContextSchema } from "./context";

/** `users.sql` of one zone: what chan_pjsip is to know of its users, for SQLite. */
export const UsersSqlContext = zoneContextSchema.pick({
  codecs: true,
  controllerAddress: true,
  address: true,
  users: true,
});

export const renderUsersSql = template("users.sql.hbs", UsersSqlContext.strip());
