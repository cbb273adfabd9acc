import initSqlJs from "sql.js";

export type Table = "ps_endpoints" | "ps_auths" | "ps_aors";

/** Function that looks up a row as Asterisk does, by ID; null if there is no such row. */
export type LookUp = (table: Table, id: string) => Readonly<Record<string, unknown>> | null;

/** Returns a function that loads a `users.sql` into a SQLite database. Each call replaces the previous database. */
export async function sqlite(): Promise<(text: string) => LookUp> {
  const { Database } = await initSqlJs();
  let database = new Database();
  return (text) => {
    database.close();
    database = new Database();
    database.run(text);
    return (table, id) => {
      const statement = database.prepare(`SELECT * FROM ${table} WHERE id = ?`, [id]);
      const found = statement.step() ? statement.getAsObject() : null;
      statement.free();
      return found;
    };
  };
}
