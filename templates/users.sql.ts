import { zoneContextSchema } from "./context";
import { template } from "./engine";

/** Context of `users.sql` of a zone: SQL for SQLite with the settings of the users in chan_pjsip. */
export const UsersSqlContext = zoneContextSchema.pick({
  codecs: true,
  controllerAddress: true,
  address: true,
  users: true,
});

export const renderUsersSql = template("users.sql.hbs", UsersSqlContext.strip());
